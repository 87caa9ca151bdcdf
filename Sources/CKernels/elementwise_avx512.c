// Element-by-element kernels for AVX-512; see elementwise_avx2.c for the arithmetic.
#if defined(__x86_64__)

#include <immintrin.h>

#include "table.h"

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#define INLINE static inline __attribute__((always_inline))

typedef struct term {
  __m512i zero, high, low, half, sign, shift_count;
} term;

INLINE AVX512 term term_of(int32_t zero, int32_t multiplier, int32_t shift) {
  const int32_t right = -shift;
  term t;
  t.zero = _mm512_set1_epi32(zero);
  t.high = _mm512_set1_epi32(multiplier >> 11);
  t.low = _mm512_set1_epi32(multiplier & 2047);
  t.half = _mm512_set1_epi32(right > 0 ? 1 << (right - 1) : 0);
  t.sign = _mm512_set1_epi32(right > 0 ? -1 : 0);
  t.shift_count = _mm512_set1_epi32(right);
  return t;
}

INLINE AVX512 __m512i divide(__m512i v, const term *t) {
  const __m512i sign = _mm512_and_si512(_mm512_srai_epi32(v, 31), t->sign);
  return _mm512_srav_epi32(_mm512_add_epi32(_mm512_add_epi32(v, t->half), sign), t->shift_count);
}

// A factor of one half exactly, as that of the larger scale is, takes no multiplication.
INLINE AVX512 __m512i scaled(const term *t, __m512i x, int is_half) {
  x = _mm512_sub_epi32(x, t->zero);
  if (is_half) return _mm512_slli_epi32(x, 19);
  const __m512i low =
      _mm512_add_epi32(_mm512_mullo_epi32(x, t->low), _mm512_set1_epi32(1 << 10));
  return divide(
      _mm512_add_epi32(_mm512_mullo_epi32(x, t->high), _mm512_srai_epi32(low, 11)), t);
}

AVX512 FK_KERNEL(fk_s8_add_same_16__avx512) {
  const fk_s8_add *p = params;
  const term a = term_of(p->a_zero, p->a_multiplier, p->a_shift);
  const term b = term_of(p->b_zero, p->b_multiplier, p->b_shift);
  const term out = term_of(0, 0, p->shift);
  const int a_half = p->a_multiplier == 1 << 30 && p->a_shift == 0;
  const int b_half = p->b_multiplier == 1 << 30 && p->b_shift == 0;
  const __m512i multiplier = _mm512_set1_epi32(p->multiplier);
  const __m512i out_zero = _mm512_set1_epi32(p->out_zero);
  const __m512i nudge = _mm512_set1_epi64(1ll << 30);
  const __m128i flip = _mm_set1_epi8((char)p->flip);
  const __m128i lo = _mm_set1_epi8((char)p->lo), hi = _mm_set1_epi8((char)p->hi);
  int64_t i = begin;
  for (; i + 16 <= end; i += 16) {
    const __m128i u = _mm_xor_si128(_mm_loadu_si128((const __m128i *)(p->a + i)), flip);
    const __m128i v = _mm_xor_si128(_mm_loadu_si128((const __m128i *)(p->b + i)), flip);
    const __m512i sum = _mm512_add_epi32(
        scaled(&a, _mm512_cvtepi8_epi32(u), a_half), scaled(&b, _mm512_cvtepi8_epi32(v), b_half));
    const __m512i even = _mm512_add_epi64(_mm512_mul_epi32(sum, multiplier), nudge);
    const __m512i odd =
        _mm512_add_epi64(_mm512_mul_epi32(_mm512_srli_epi64(sum, 32), multiplier), nudge);
    const __m512i high =
        _mm512_mask_blend_epi32(0xAAAA, _mm512_srli_epi64(even, 31), _mm512_slli_epi64(odd, 1));
    __m128i bytes = _mm512_cvtsepi32_epi8(_mm512_add_epi32(divide(high, &out), out_zero));
    bytes = _mm_xor_si128(_mm_min_epi8(_mm_max_epi8(bytes, lo), hi), flip);
    _mm_storeu_si128((__m128i *)(p->output + i), bytes);
  }
  fk_s8_add_1__portable(params, i, end, scratch);
}

#endif
