// Images brought to another size. Every output pixel mixes up to four neighbours.
#include <string.h>

#include "table.h"

static void nearest(const fk_resize *p, int64_t row) {
  const int64_t n = row / p->out_h, y = row % p->out_h;
  const uint8_t *in = p->input + (n * p->in_h + p->y0[y]) * p->in_w * p->depth;
  uint8_t *out = p->output + row * p->out_w * p->depth;
  for (int64_t x = 0; x < p->out_w; x++) {
    memcpy(out + x * p->depth, in + p->x0[x] * p->depth, (size_t)p->depth);
  }
}

// Positions of the four neighbours of an output pixel, in elements.
typedef struct corners {
  int64_t a, b, c, d;
} corners;

static corners corners_of(const fk_resize *p, int64_t row, int64_t x) {
  const int64_t y = row % p->out_h, top = (row / p->out_h * p->in_h + p->y0[y]) * p->in_w;
  const int64_t bottom = (row / p->out_h * p->in_h + p->y1[y]) * p->in_w;
  const corners result = {
      (top + p->x0[x]) * p->depth, (bottom + p->x0[x]) * p->depth, (top + p->x1[x]) * p->depth,
      (bottom + p->x1[x]) * p->depth};
  return result;
}

#define BILINEAR_FLOAT(type, rounding)                                                          \
  for (int64_t x = 0; x < p->out_w; x++) {                                                      \
    const corners at = corners_of(p, row, x);                                                   \
    const type *in = (const type *)p->input;                                                    \
    type *out = (type *)p->output + (row * p->out_w + x) * p->depth;                            \
    const float v = p->y_weight[row % p->out_h], u = p->x_weight[x];                            \
    for (int64_t c = 0; c < p->depth; c++) {                                                    \
      out[c] = (type)((float)in[at.a + c] * (1 - v) * (1 - u) + (float)in[at.b + c] * v * (1 - u) + \
                      (float)in[at.c + c] * (1 - v) * u + (float)in[at.d + c] * v * u + rounding);  \
    }                                                                                           \
  }

static void bilinear_fixed(const fk_resize *p, int64_t row) {
  const int64_t one = 1 << 10;
  for (int64_t x = 0; x < p->out_w; x++) {
    const corners at = corners_of(p, row, x);
    const int8_t *in = (const int8_t *)p->input;
    int8_t *out = (int8_t *)p->output + (row * p->out_w + x) * p->depth;
    const int64_t v = p->y_fixed[row % p->out_h], u = p->x_fixed[x];
    for (int64_t c = 0; c < p->depth; c++) {
      const int64_t sum = in[at.a + c] * (one - v) * (one - u) + in[at.b + c] * v * (one - u) +
                          in[at.c + c] * (one - v) * u + in[at.d + c] * v * u;
      out[c] = (int8_t)((sum + (sum > 0 ? 1 << 19 : -(1 << 19))) / (1 << 20));
    }
  }
}

FK_KERNEL(fk_any_resize_1__portable) {
  const fk_resize *p = params;
  (void)scratch;
  for (int64_t row = begin; row < end; row++) {
    switch (p->kind) {
      case FK_NEAREST: nearest(p, row); break;
      case FK_BILINEAR_F32: BILINEAR_FLOAT(float, 0.0f) break;
      case FK_BILINEAR_U8: BILINEAR_FLOAT(uint8_t, 0.5f) break;
      case FK_BILINEAR_S8: bilinear_fixed(p, row); break;
    }
  }
}
