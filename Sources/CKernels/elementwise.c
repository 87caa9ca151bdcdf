// Binary operations with broadcasting, padding and copying.
#include <math.h>
#include <string.h>

#include "requantize.h"
#include "table.h"

// A walk over the output in order, with the two inputs' positions beside it.
typedef struct walk {
  int64_t at[FK_MAX_RANK];
  int64_t a, b;
} walk;

static void walk_begin(const fk_broadcast *s, int64_t element, walk *position) {
  position->a = position->b = 0;
  for (int32_t d = s->rank - 1; d >= 0; d--) {
    position->at[d] = element % s->dims[d];
    element /= s->dims[d];
    position->a += position->at[d] * s->a_stride[d];
    position->b += position->at[d] * s->b_stride[d];
  }
}

// Moves by `step` along the last dimension, which must end there or before.
static void walk_on(const fk_broadcast *s, int64_t step, walk *position) {
  int32_t d = s->rank - 1;
  position->at[d] += step;
  position->a += step * s->a_stride[d];
  position->b += step * s->b_stride[d];
  while (d > 0 && position->at[d] >= s->dims[d]) {
    position->a -= s->dims[d] * s->a_stride[d];
    position->b -= s->dims[d] * s->b_stride[d];
    position->at[d] = 0;
    d--;
    position->at[d] += 1;
    position->a += s->a_stride[d];
    position->b += s->b_stride[d];
  }
}

// Runs BODY for runs of `n` output elements from `i`, inputs at `x.a` and `x.b` with steps sa and sb.
#define FOR_EACH_RUN(s, begin, end, BODY)                                          \
  do {                                                                             \
    walk x;                                                                        \
    walk_begin(s, begin, &x);                                                      \
    const int64_t last = (s)->rank - 1;                                            \
    const int64_t sa = (s)->a_stride[last], sb = (s)->b_stride[last];              \
    for (int64_t i = begin; i < end;) {                                            \
      int64_t n = (s)->dims[last] - x.at[last];                                    \
      if (n > end - i) n = end - i;                                                \
      BODY;                                                                        \
      walk_on(s, n, &x);                                                           \
      i += n;                                                                      \
    }                                                                              \
  } while (0)

FK_KERNEL(fk_f32_binary_1__portable) {
  const fk_f32_binary *p = params;
  const float lo = p->lo, hi = p->hi;
#define LOOP(expression)                                           \
  for (int64_t j = 0; j < n; j++) {                                \
    float u = p->a[x.a + j * sa], v = p->b[x.b + j * sb];          \
    float value = expression;                                      \
    value = value < lo ? lo : value;                               \
    p->output[i + j] = value > hi ? hi : value;                    \
  }
  switch (p->op) {
    case FK_ADD: FOR_EACH_RUN(&p->shape, begin, end, LOOP(u + v)); break;
    case FK_SUB: FOR_EACH_RUN(&p->shape, begin, end, LOOP(u - v)); break;
    case FK_MUL: FOR_EACH_RUN(&p->shape, begin, end, LOOP(u * v)); break;
  }
#undef LOOP
}

FK_KERNEL(fk_s8_add_1__portable) {
  const fk_s8_add *p = params;
  FOR_EACH_RUN(&p->shape, begin, end, {
    for (int64_t j = 0; j < n; j++) {
      int32_t sum = p->a_term[p->a[x.a + j * sa]] + p->b_term[p->b[x.b + j * sb]];
      int32_t value = fk_scale(sum, p->multiplier, p->shift) + p->out_zero;
      p->output[i + j] = (uint8_t)fk_clamp_s32(value, p->lo, p->hi) ^ p->flip;
    }
  });
}

FK_KERNEL(fk_s8_mul_1__portable) {
  const fk_s8_mul *p = params;
  FOR_EACH_RUN(&p->shape, begin, end, {
    for (int64_t j = 0; j < n; j++) {
      int32_t u = (int8_t)(p->a[x.a + j * sa] ^ p->flip) - p->a_zero;
      int32_t v = (int8_t)(p->b[x.b + j * sb] ^ p->flip) - p->b_zero;
      int32_t value = fk_scale(u * v, p->multiplier, p->shift) + p->out_zero;
      p->output[i + j] = (uint8_t)fk_clamp_s32(value, p->lo, p->hi) ^ p->flip;
    }
  });
}

FK_KERNEL(fk_any_pad_1__portable) {
  const fk_pad *p = params;
  const int32_t last = p->rank - 1;
  const int64_t width = p->out_dims[last], inside = p->in_dims[last], left = p->before[last];
  for (int64_t row = begin; row < end; row++) {
    uint8_t *out = p->output + row * width;
    int64_t rest = row, source = 0, stride = 1;
    int is_inside = 1;
    for (int32_t d = last - 1; d >= 0; d--) {
      int64_t at = rest % p->out_dims[d] - p->before[d];
      rest /= p->out_dims[d];
      is_inside &= at >= 0 && at < p->in_dims[d];
      source += at * stride;
      stride *= p->in_dims[d];
    }
    for (int64_t i = 0; i < width; i++) out[i] = p->value[i % p->value_size];
    if (is_inside) memcpy(out + left, p->input + source * inside, (size_t)inside);
  }
}

FK_KERNEL(fk_any_move_1__portable) {
  const fk_move *p = params;
  int64_t at[FK_MAX_RANK], rest = begin;
  const uint8_t *in = p->input + p->in_offset;
  uint8_t *out = p->output + p->out_offset;
  for (int32_t d = p->rank - 1; d >= 0; d--) {
    at[d] = rest % p->dims[d];
    rest /= p->dims[d];
    in += at[d] * p->in_stride[d];
    out += at[d] * p->out_stride[d];
  }
  for (int64_t i = begin; i < end; i++) {
    if (p->table) {
      for (int64_t j = 0; j < p->size; j++) out[j] = p->table[in[j]];
    } else {
      memcpy(out, in, (size_t)p->size);
    }
    for (int32_t d = p->rank - 1; d >= 0; d--) {
      in += p->in_stride[d];
      out += p->out_stride[d];
      if (++at[d] < p->dims[d]) break;
      in -= p->dims[d] * p->in_stride[d];
      out -= p->dims[d] * p->out_stride[d];
      at[d] = 0;
    }
  }
}
