// What the quantised kernels for AVX2 share: requantisation in registers.
#ifndef FK_S8_AVX2_H
#define FK_S8_AVX2_H

#include <immintrin.h>

#include "s8_general.h"
#include "table.h"
#include "window.h"

#define AVX2 __attribute__((target("avx2,fma")))
#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

// Sixteen channels lie in two registers as vpackssdw and vpunpck want them: 0-3 and 8-11 in the first,
// 4-7 and 12-15 in the second. fk_requant has that order too. Eight channels are in order.

// fk_requant, eight lanes at once.
typedef struct factors {
  __m256i multiplier, odd_multiplier, even, odd, shift, sign, left;
} factors;

INLINE AVX2 __m256i load(const void *from) { return _mm256_loadu_si256((const __m256i *)from); }

INLINE AVX2 __m256i load_halves(const void *low, const void *high) {
  return _mm256_inserti128_si256(
      _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)low)),
      _mm_loadu_si128((const __m128i *)high), 1);
}

// Lanes `from ..< from + 8` of a group.
INLINE AVX2 factors factors_of(const fk_requant *r, int from) {
  factors f;
  f.multiplier = load(r->multiplier + from);
  f.odd_multiplier = _mm256_srli_epi64(f.multiplier, 32);
  f.even = load(r->even + from / 2);
  f.odd = load(r->odd + from / 2);
  f.shift = load(r->shift + from);
  f.sign = load(r->sign + from);
  f.left = load(r->left + from);
  return f;
}

// The first eight channels of a group, in order.
INLINE AVX2 factors first_factors_of(const fk_requant *r) {
  factors f;
  f.multiplier = load_halves(r->multiplier, r->multiplier + 8);
  f.odd_multiplier = _mm256_srli_epi64(f.multiplier, 32);
  f.even = load_halves(r->even, r->even + 4);
  f.odd = load_halves(r->odd, r->odd + 4);
  f.shift = load_halves(r->shift, r->shift + 8);
  f.sign = load_halves(r->sign, r->sign + 8);
  f.left = load_halves(r->left, r->left + 8);
  return f;
}

INLINE AVX2 __m256i scale(__m256i acc, const factors *f, const int mode) {
  if (mode == LEFT) {
    acc = _mm256_xor_si256(_mm256_sllv_epi32(acc, f->left), _mm256_set1_epi32(INT32_MIN));
  }
  const __m256i even = _mm256_add_epi64(_mm256_mul_epu32(acc, f->multiplier), f->even);
  const __m256i odd = _mm256_add_epi64(
      _mm256_mul_epu32(_mm256_srli_epi64(acc, 32), f->odd_multiplier), f->odd);
  __m256i high = _mm256_blend_epi32(_mm256_shuffle_epi32(even, 0xF5), odd, 0xAA);
  if (mode != CLAMPED) high = _mm256_add_epi32(high, _mm256_cmpgt_epi32(f->sign, high));
  return _mm256_srav_epi32(high, f->shift);
}

typedef struct limits {
  __m256i lo, hi, flip;
} limits;

INLINE AVX2 limits limits_of(int32_t lo, int32_t hi, uint8_t flip) {
  limits l = {
      _mm256_set1_epi8((char)lo), _mm256_set1_epi8((char)hi), _mm256_set1_epi8((char)flip)};
  return l;
}

// Thirty-two results in words of 128 bits as bytes: first words' halves, then the second's.
INLINE AVX2 __m256i bytes_of(__m256i first, __m256i second, const limits *l) {
  const __m256i bytes = _mm256_permute4x64_epi64(_mm256_packs_epi16(first, second), 0xD8);
  return _mm256_xor_si256(_mm256_min_epi8(_mm256_max_epi8(bytes, l->lo), l->hi), l->flip);
}

// The bytes of one pixel's sixteen channels.
INLINE AVX2 __m128i narrow(__m256i low, __m256i high, const limits *l) {
  const __m256i words = _mm256_packs_epi32(low, high);
  const __m128i bytes =
      _mm_packs_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
  return _mm_xor_si128(
      _mm_min_epi8(
          _mm_max_epi8(bytes, _mm256_castsi256_si128(l->lo)), _mm256_castsi256_si128(l->hi)),
      _mm256_castsi256_si128(l->flip));
}

// Channels 0-7 and 8-15.
INLINE AVX2 void in_order(__m256i *low, __m256i *high) {
  const __m256i first = _mm256_permute2x128_si256(*low, *high, 0x20);
  *high = _mm256_permute2x128_si256(*low, *high, 0x31);
  *low = first;
}

INLINE AVX2 void store_first(uint8_t *out, __m128i bytes, int64_t n) {
  if (n >= 16) {
    _mm_storeu_si128((__m128i *)out, bytes);
  } else if (n == 8) {
    _mm_storel_epi64((__m128i *)out, bytes);
  } else {
    uint8_t whole[16];
    _mm_storeu_si128((__m128i *)whole, bytes);
    memcpy(out, whole, (size_t)n);
  }
}

// Floats of 8 channels, from inputs that were quantised at run time; `n` of them are stored.
INLINE AVX2 void store_real(
    const fk_general *g, __m256i acc, int64_t channel, float *out, int64_t n) {
  const fk_hybrid *h = g->hybrid;
  const __m256i sum =
      _mm256_mullo_epi32(load(h->weight_sum + channel), _mm256_set1_epi32(g->dynamic_zero));
  __m256 value = _mm256_cvtepi32_ps(_mm256_sub_epi32(acc, sum));
  value = _mm256_mul_ps(value, _mm256_loadu_ps(h->scale + channel));
  value = _mm256_mul_ps(value, _mm256_set1_ps(g->dynamic_scale));
  value = _mm256_add_ps(value, _mm256_loadu_ps(h->bias + channel));
  value = _mm256_min_ps(_mm256_max_ps(value, _mm256_set1_ps(h->lo)), _mm256_set1_ps(h->hi));
  if (n >= 8) {
    _mm256_storeu_ps(out, value);
  } else if (n > 0) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    _mm256_maskstore_ps(out, _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), lane), value);
  }
}

INLINE AVX2 __m256i load_16(const uint8_t *from, __m128i flip) {
  return _mm256_cvtepi8_epi16(_mm_xor_si128(_mm_loadu_si128((const __m128i *)from), flip));
}

#endif
