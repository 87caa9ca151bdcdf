// Pictures of a decoder's planes, averaged by area and coloured, in one pass over them.
#ifndef FISHCAM_FRAME_SCALE_H
#define FISHCAM_FRAME_SCALE_H

#include <stddef.h>
#include <stdint.h>

// 8-bit planes of luma and the two chromas; the chromas may be smaller.
typedef struct {
  const uint8_t *planes[3];
  ptrdiff_t strides[3];  // bytes from row to row
  int width, height;
  int chroma_width, chroma_height;
  int full_range;       // luma from 0 to 255 instead of 16 to 235
  int coefficients[4];  // as sws_getCoefficients gives them: red of V, blue of U, green of U and of V
} frame_scale_picture;

// The most rows that a row of the result may be the mean of.
#define FRAME_SCALE_MOST 100

// Bytes of scratch that frame_scale needs for a result of `width` columns.
size_t frame_scale_scratch(const frame_scale_picture *picture, int width);

// Writes full-range RGB rows of `stride` bytes: each pixel the mean of the area that it covers, parts of pixels
// by their share. The result is no larger than the picture, nor more than FRAME_SCALE_MOST times as small.
void frame_scale(const frame_scale_picture *picture, int width, int height, uint8_t *rgb,
                 size_t stride, void *scratch);

#endif
