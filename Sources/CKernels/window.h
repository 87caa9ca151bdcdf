// How a convolution walks its input: blocks of output pixels, gathered into rows of k values.
#ifndef FK_WINDOW_H
#define FK_WINDOW_H

#include <string.h>

#include "ckernels.h"

// Bytes of gathered input that one block of pixels may take: half of a small first-level cache.
#define FK_BLOCK_BYTES 16384

static inline int64_t fk_window_k(const fk_window *w) {
  return (int64_t)w->k_h * w->k_w * w->in_c;
}

// 1x1 with stride 1 and no padding: the output pixel's input is one run, and rows follow each other.
static inline int fk_window_is_pointwise(const fk_window *w) {
  return w->k_h == 1 && w->k_w == 1 && w->stride_h == 1 && w->stride_w == 1 && w->pad_top == 0 &&
         w->pad_left == 0 && w->in_h == w->out_h && w->in_w == w->out_w;
}

// Output pixels of one block: a multiple of the tile's rows.
static inline int64_t fk_block_pixels(int64_t row_bytes, int64_t mr) {
  int64_t pixels = FK_BLOCK_BYTES / (row_bytes > 0 ? row_bytes : 1);
  if (pixels > 96) pixels = 96;
  pixels = pixels / mr * mr;
  return pixels < mr ? mr : pixels;
}

// Output rows whose windows' rows are gathered at once, so that those in several windows are copied once.
static inline int64_t fk_block_rows(const fk_window *w) {
  if (w->dilation_h != 1 || w->stride_h > w->k_h) return 1;
  const int64_t width = (int64_t)(w->out_w - 1) * w->stride_w + w->k_w;
  const int64_t rows = (FK_BLOCK_BYTES / (width * w->in_c) - w->k_h) / w->stride_h + 1;
  return rows < 1 ? 1 : rows < w->out_h ? rows : w->out_h;
}

// Where tap (ky, kx) of output pixel (n, oy, ox) lies in the input, in elements, or -1 outside it.
static inline int64_t fk_tap(
    const fk_window *w, int64_t n, int64_t oy, int64_t ox, int64_t ky, int64_t kx) {
  int64_t y = oy * w->stride_h - w->pad_top + ky * w->dilation_h;
  int64_t x = ox * w->stride_w - w->pad_left + kx * w->dilation_w;
  if (y < 0 || y >= w->in_h || x < 0 || x >= w->in_w) return -1;
  return ((n * w->in_h + y) * w->in_w + x) * w->in_c;
}

#endif
