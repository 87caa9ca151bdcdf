// JPEG through libjpeg, with errors returned instead of ending the process.
#ifndef FISHCAM_CJPEG_H
#define FISHCAM_CJPEG_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
  int width, height;
  int channels;         // 1 or 3
  uint8_t *pixels;      // rows from the top, channels interleaved; free with cjpeg_free
  uint8_t *exif;        // the Exif segment's body, or NULL; free with cjpeg_free
  size_t exif_size;
  int warnings;         // corrupt data that libjpeg passed over
  char message[200];    // why decoding failed, or the last warning
} cjpeg_image;

// Decodes a JPEG as grey (channels 1) or RGB (channels 3; from YCbCr, RGB, CMYK or YCCK).
// Returns 0, or -1 with `message` filled and nothing to free.
int cjpeg_decode(const uint8_t *bytes, size_t size, int64_t pixel_limit, cjpeg_image *image);

// Encodes 8-bit grey or RGB rows. Returns 0 and a buffer to free with cjpeg_free, or -1.
int cjpeg_encode(const uint8_t *pixels, int width, int height, int channels, int quality,
                 uint8_t **bytes, size_t *size, char message[200]);

void cjpeg_free(void *pointer);

#endif
