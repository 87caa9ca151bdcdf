// Element-by-element kernels for AVX-512; see elementwise_avx2.c for the arithmetic.
#if defined(__x86_64__)

#include <immintrin.h>

#include "table.h"

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#define INLINE static inline __attribute__((always_inline))

// What an input byte x adds to the sum, in the steps of fk_s8_add: (x - zero) * 2^20 times the factor,
// rounded half up, and divided by 2^shift, rounded half away from zero. A factor of one half exactly, as
// that of the larger scale is, takes no multiplication.
typedef struct term {
  __m512i zero, high, low, low_nudge, high_nudge, shift;
  int is_half, is_divided;
} term;

INLINE AVX512 term term_of(int32_t zero, int32_t multiplier, int32_t shift) {
  const int32_t right = -shift, high = multiplier >> 11, low = multiplier & 2047;
  term t;
  t.is_half = multiplier == 1 << 30 && right == 0;
  t.is_divided = right > 0;
  t.zero = _mm512_set1_epi32(t.is_half ? zero * (1 << 19) : zero);
  t.high = _mm512_set1_epi32(high);
  t.low = _mm512_set1_epi32(low);
  t.low_nudge = _mm512_set1_epi32((1 << 10) - zero * low);
  t.high_nudge = _mm512_set1_epi32((right > 0 ? 1 << (right - 1) : 0) - zero * high);
  t.shift = _mm512_set1_epi32(right);
  return t;
}

INLINE AVX512 __m512i scaled(const term *t, __m512i x) {
  if (t->is_half) return _mm512_sub_epi32(_mm512_slli_epi32(x, 19), t->zero);
  const __m512i low =
      _mm512_srai_epi32(_mm512_add_epi32(_mm512_mullo_epi32(x, t->low), t->low_nudge), 11);
  __m512i v =
      _mm512_add_epi32(_mm512_add_epi32(_mm512_mullo_epi32(x, t->high), t->high_nudge), low);
  if (!t->is_divided) return v;
  const __mmask16 is_negative = _mm512_cmplt_epi32_mask(x, t->zero);
  v = _mm512_mask_sub_epi32(v, is_negative, v, _mm512_set1_epi32(1));
  return _mm512_srav_epi32(v, t->shift);
}

AVX512 FK_KERNEL(fk_s8_add_same_16__avx512) {
  const fk_s8_add *p = params;
  const term a = term_of(p->a_zero, p->a_multiplier, p->a_shift);
  const term b = term_of(p->b_zero, p->b_multiplier, p->b_shift);
  // The result as fk_requant has it. Sums are below 2^28.
  const int32_t right = -p->shift;
  int64_t i = begin;
  if (right >= 0 && right <= 22) {
    const int64_t offset = (right > 0 ? 1ll << (right - 1) : 0) + p->out_zero * (1ll << right);
    const uint64_t factor = (uint64_t)(uint32_t)p->multiplier * 2;
    const __m512i multiplier = _mm512_set1_epi64((int64_t)factor);
    const __m512i constant = _mm512_set1_epi64(
        (int64_t)((1ull << 31) + ((uint64_t)offset << 32) - (factor << 31)));
    const __m512i sign = _mm512_set1_epi32(right > 0 ? (int32_t)offset : INT32_MIN);
    const __m512i shift = _mm512_set1_epi32(right), top = _mm512_set1_epi32(INT32_MIN);
    const __m128i flip = _mm_set1_epi8((char)p->flip);
    const __m128i lo = _mm_set1_epi8((char)p->lo), hi = _mm_set1_epi8((char)p->hi);
    for (; i + 16 <= end; i += 16) {
      const __m128i u = _mm_xor_si128(_mm_loadu_si128((const __m128i *)(p->a + i)), flip);
      const __m128i v = _mm_xor_si128(_mm_loadu_si128((const __m128i *)(p->b + i)), flip);
      const __m512i sum = _mm512_xor_si512(
          top, _mm512_add_epi32(
                   scaled(&a, _mm512_cvtepi8_epi32(u)), scaled(&b, _mm512_cvtepi8_epi32(v))));
      const __m512i even = _mm512_add_epi64(_mm512_mul_epu32(sum, multiplier), constant);
      const __m512i odd = _mm512_add_epi64(
          _mm512_mul_epu32(_mm512_srli_epi64(sum, 32), multiplier), constant);
      __m512i high = _mm512_mask_shuffle_epi32(odd, 0x5555, even, _MM_PERM_DDBB);
      const __mmask16 below = _mm512_cmplt_epi32_mask(high, sign);
      high = _mm512_mask_sub_epi32(high, below, high, _mm512_set1_epi32(1));
      __m128i bytes = _mm512_cvtsepi32_epi8(_mm512_srav_epi32(high, shift));
      bytes = _mm_xor_si128(_mm_min_epi8(_mm_max_epi8(bytes, lo), hi), flip);
      _mm_storeu_si128((__m128i *)(p->output + i), bytes);
    }
  }
  fk_s8_add_1__portable(params, i, end, scratch);
}

#endif
