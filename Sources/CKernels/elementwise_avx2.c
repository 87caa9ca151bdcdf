// Element-by-element kernels for AVX2, where both inputs have one shape.
#if defined(__x86_64__)

#include <immintrin.h>
#include <math.h>

#include "dynamic.h"
#include "requantize.h"
#include "table.h"

#define AVX2 __attribute__((target("avx2,fma")))
#define INLINE static inline __attribute__((always_inline))

// One input of a quantised sum, (x - zero) * 2^20 scaled by a factor of at most one half. With the
// factor's 31 bits split into 20 and 11, (x * m + 2^10) >> 11 needs no product above 32 bits.
typedef struct term {
  __m256i zero, high, low, half, sign, shift_count;
} term;

INLINE AVX2 term term_of(int32_t zero, int32_t multiplier, int32_t shift) {
  const int32_t right = -shift;
  term t;
  t.zero = _mm256_set1_epi32(zero);
  t.high = _mm256_set1_epi32(multiplier >> 11);
  t.low = _mm256_set1_epi32(multiplier & 2047);
  t.half = _mm256_set1_epi32(right > 0 ? 1 << (right - 1) : 0);
  t.sign = _mm256_set1_epi32(right > 0 ? -1 : 0);
  t.shift_count = _mm256_set1_epi32(right);
  return t;
}

INLINE AVX2 __m256i scaled(const term *t, __m256i x) {
  x = _mm256_sub_epi32(x, t->zero);
  const __m256i low =
      _mm256_add_epi32(_mm256_mullo_epi32(x, t->low), _mm256_set1_epi32(1 << 10));
  const __m256i v =
      _mm256_add_epi32(_mm256_mullo_epi32(x, t->high), _mm256_srai_epi32(low, 11));
  const __m256i sign = _mm256_and_si256(_mm256_srai_epi32(v, 31), t->sign);
  return _mm256_srav_epi32(_mm256_add_epi32(_mm256_add_epi32(v, t->half), sign), t->shift_count);
}

// fk_scale for a factor of at most one.
INLINE AVX2 __m256i scale_down(__m256i x, __m256i multiplier, const term *t) {
  const __m256i nudge = _mm256_set1_epi64x(1ll << 30);
  __m256i even = _mm256_add_epi64(_mm256_mul_epi32(x, multiplier), nudge);
  __m256i odd =
      _mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64(x, 32), multiplier), nudge);
  const __m256i v = _mm256_blend_epi32(
      _mm256_srli_epi64(even, 31), _mm256_slli_epi64(odd, 1), 0xAA);
  const __m256i sign = _mm256_and_si256(_mm256_srai_epi32(v, 31), t->sign);
  return _mm256_srav_epi32(_mm256_add_epi32(_mm256_add_epi32(v, t->half), sign), t->shift_count);
}

AVX2 FK_KERNEL(fk_s8_add_same_16__avx2) {
  const fk_s8_add *p = params;
  const term a = term_of(p->a_zero, p->a_multiplier, p->a_shift);
  const term b = term_of(p->b_zero, p->b_multiplier, p->b_shift);
  const term out = term_of(0, 0, p->shift);
  const __m256i multiplier = _mm256_set1_epi32(p->multiplier);
  const __m256i out_zero = _mm256_set1_epi32(p->out_zero);
  const __m128i flip = _mm_set1_epi8((char)p->flip);
  const __m128i lo = _mm_set1_epi8((char)p->lo), hi = _mm_set1_epi8((char)p->hi);
  int64_t i = begin;
  for (; i + 16 <= end; i += 16) {
    const __m128i u = _mm_xor_si128(_mm_loadu_si128((const __m128i *)(p->a + i)), flip);
    const __m128i v = _mm_xor_si128(_mm_loadu_si128((const __m128i *)(p->b + i)), flip);
    __m256i sum[2];
    for (int h = 0; h < 2; h++) {
      const __m128i x = h ? _mm_unpackhi_epi64(u, u) : u, y = h ? _mm_unpackhi_epi64(v, v) : v;
      sum[h] = _mm256_add_epi32(
          scaled(&a, _mm256_cvtepi8_epi32(x)), scaled(&b, _mm256_cvtepi8_epi32(y)));
      sum[h] = _mm256_add_epi32(scale_down(sum[h], multiplier, &out), out_zero);
    }
    const __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(sum[0], sum[1]), 0xD8);
    __m128i bytes =
        _mm_packs_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
    bytes = _mm_xor_si128(_mm_min_epi8(_mm_max_epi8(bytes, lo), hi), flip);
    _mm_storeu_si128((__m128i *)(p->output + i), bytes);
  }
  fk_s8_add_1__portable(params, i, end, scratch);
}

AVX2 FK_KERNEL(fk_f32_binary_same_8__avx2) {
  const fk_f32_binary *p = params;
  const __m256 lo = _mm256_set1_ps(p->lo), hi = _mm256_set1_ps(p->hi);
  int64_t i = begin;
#define LOOP(operation)                                                                      \
  for (; i + 8 <= end; i += 8) {                                                             \
    const __m256 value = operation(_mm256_loadu_ps(p->a + i), _mm256_loadu_ps(p->b + i));    \
    _mm256_storeu_ps(p->output + i, _mm256_min_ps(_mm256_max_ps(value, lo), hi));            \
  }
  switch (p->op) {
    case FK_ADD: LOOP(_mm256_add_ps) break;
    case FK_SUB: LOOP(_mm256_sub_ps) break;
    case FK_MUL: LOOP(_mm256_mul_ps) break;
  }
#undef LOOP
  fk_f32_binary_1__portable(params, i, end, scratch);
}

// Half away from zero, for distances that are small. The number just below one half keeps 0.49999997
// from becoming one.
INLINE AVX2 __m256i rounded(__m256 x) {
  const __m256 sign = _mm256_and_ps(x, _mm256_set1_ps(-0.0f));
  return _mm256_cvttps_epi32(_mm256_add_ps(x, _mm256_or_ps(sign, _mm256_set1_ps(0x1.fffffep-2f))));
}

INLINE AVX2 __m256 bounded(__m256 x) {
  // The first operand wins where the other is not a number.
  return _mm256_min_ps(_mm256_max_ps(x, _mm256_set1_ps(-1024)), _mm256_set1_ps(1024));
}

INLINE AVX2 void store_8(uint8_t *out, __m256i integers, __m128i lo, __m128i flip) {
  const __m128i words = _mm_packs_epi32(
      _mm256_castsi256_si128(integers), _mm256_extracti128_si256(integers, 1));
  const __m128i bytes = _mm_max_epi8(_mm_packs_epi16(words, words), lo);
  _mm_storel_epi64((__m128i *)out, _mm_xor_si128(bytes, flip));
}

AVX2 FK_KERNEL(fk_f32_to_s8_8__avx2) {
  const fk_f32_to_s8 *p = params;
  const __m256 scale = _mm256_set1_ps(p->scale);
  const __m256i zero = _mm256_set1_epi32(p->zero);
  const __m128i lo = _mm_set1_epi8(-128), flip = _mm_set1_epi8((char)p->flip);
  int64_t i = begin;
  for (; i + 8 <= end; i += 8) {
    const __m256 x = bounded(_mm256_div_ps(_mm256_loadu_ps(p->input + i), scale));
    store_8(p->output + i, _mm256_add_epi32(rounded(x), zero), lo, flip);
  }
  fk_f32_to_s8_1__portable(params, i, end, scratch);
}

AVX2 FK_KERNEL(fk_f32_dynamic_quantize_8__avx2) {
  const fk_dynamic_quantize *p = params;
  (void)scratch;
  for (int64_t batch = begin; batch < end; batch++) {
    const float *in = p->input + batch * p->size;
    uint8_t *out = p->output + batch * p->size;
    __m256 low = _mm256_setzero_ps(), high = low;
    int64_t i = 0;
    for (; i + 8 <= p->size; i += 8) {
      const __m256 x = _mm256_loadu_ps(in + i);
      low = _mm256_min_ps(x, low);
      high = _mm256_max_ps(x, high);
    }
    float ends[16], least = 0, largest = 0;
    _mm256_storeu_ps(ends, low);
    _mm256_storeu_ps(ends + 8, high);
    for (int j = 0; j < 8; j++) {
      least = ends[j] < least ? ends[j] : least;
      largest = ends[j + 8] > largest ? ends[j + 8] : largest;
    }
    for (; i < p->size; i++) {
      least = in[i] < least ? in[i] : least;
      largest = in[i] > largest ? in[i] : largest;
    }
    int32_t lowest;
    const float inverse =
        fk_dynamic_range(least, largest, p->is_asymmetric, p->dynamic + batch, &lowest);
    const __m256 factor = _mm256_set1_ps(inverse);
    const __m256 zero = _mm256_set1_ps((float)p->dynamic[batch].zero);
    const __m128i lo = _mm_set1_epi8((char)lowest), flip = _mm_setzero_si128();
    for (i = 0; i + 8 <= p->size; i += 8) {
      const __m256 x = _mm256_mul_ps(_mm256_loadu_ps(in + i), factor);
      store_8(out + i, rounded(bounded(_mm256_add_ps(zero, x))), lo, flip);
    }
    for (; i < p->size; i++) out[i] = fk_dynamic_byte(in[i], inverse, &p->dynamic[batch], lowest);
  }
}

#endif
