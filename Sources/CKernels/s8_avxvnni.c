// Quantised kernels for AVX-VNNI: vpdpbusd, which does not saturate, on vectors of 256 bits. Inputs are
// made unsigned (128 is added to the int8 domain, and taken off again in the bias).
#if defined(__x86_64__)

#include "s8_avx2.h"

#if defined(FK_AVXVNNI_AS_AVX512)
// The same instruction in the encoding of AVX-512, to test these kernels on processors that lack the other.
#define AVXVNNI __attribute__((target("avx2,fma,avx512vl,avx512vnni")))
#define DPBUSD _mm256_dpbusd_epi32
#else
#define AVXVNNI __attribute__((target("avx2,fma,avxvnni")))
#define DPBUSD _mm256_dpbusd_avx_epi32
#endif

#define LANES 8
#define VECTOR __m256i
#define BYTES __m128i
#define TARGET AVXVNNI
#define INPUT_OFFSET 128
#define USES_REQUANT 1
#define FACTORS(ends, v) factors_of((ends)->requant, LANES * (v))

INLINE AVXVNNI __m256i splat(int32_t x) { return _mm256_set1_epi32(x); }
INLINE AVXVNNI __m256i add(__m256i a, __m256i b) { return _mm256_add_epi32(a, b); }
INLINE AVXVNNI __m128i splat_bytes(uint8_t x) { return _mm_set1_epi8((char)x); }

INLINE AVXVNNI __m256i dot(__m256i sum, __m256i inputs, __m256i weights) {
  return DPBUSD(sum, inputs, weights);
}

INLINE AVXVNNI void store_sums(int32_t *out, __m256i v) { _mm256_storeu_si256((__m256i *)out, v); }
INLINE AVXVNNI void store_16(uint8_t *out, __m128i v) { _mm_storeu_si128((__m128i *)out, v); }
INLINE AVXVNNI void store_8(uint8_t *out, __m128i v, const int half) {
  _mm_storel_epi64((__m128i *)out, half ? _mm_unpackhi_epi64(v, v) : v);
}

INLINE AVXVNNI void to_bytes(const __m256i scaled[4], const limits *l, __m128i bytes[2]) {
  const __m256i packed = _mm256_packs_epi16(
      _mm256_packs_epi32(scaled[0], scaled[1]), _mm256_packs_epi32(scaled[2], scaled[3]));
  __m256i v = _mm256_permutevar8x32_epi32(packed, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
  v = _mm256_xor_si256(_mm256_min_epi8(_mm256_max_epi8(v, l->lo), l->hi), l->flip);
  bytes[0] = _mm256_castsi256_si128(v);
  bytes[1] = _mm256_extracti128_si256(v, 1);
}

INLINE AVXVNNI uint32_t sum_of(const uint8_t *bytes, int64_t n) {
  const __m256i zero = _mm256_setzero_si256();
  __m256i sums = zero;
  int64_t i = 0;
  for (; i + 32 <= n; i += 32) sums = _mm256_add_epi32(sums, _mm256_sad_epu8(load(bytes + i), zero));
  uint32_t parts[8], sum = 0;
  store_sums((int32_t *)parts, sums);
  for (int j = 0; j < 8; j += 2) sum += parts[j];
  for (; i < n; i++) sum += bytes[i];
  return sum;
}

INLINE AVXVNNI void interleave(
    const uint8_t *a, const uint8_t *b, const uint8_t *c, __m128i flip, const int vectors,
    __m256i column[2]) {
  // Channels 0-3 and 8-11 in the lower half, 4-7 and 12-15 in the upper.
  const __m256i order = _mm256_setr_epi32(0, 2, 0, 2, 1, 3, 1, 3);
  const uint8_t *const from[3] = {a, b, c};
  __m256i rows[3];
  UNROLL for (int r = 0; r < 3; r++) {
    const __m128i row = vectors == 2 ? _mm_loadu_si128((const __m128i *)from[r])
                                     : _mm_loadl_epi64((const __m128i *)from[r]);
    rows[r] = _mm256_permutevar8x32_epi32(_mm256_castsi128_si256(_mm_xor_si128(row, flip)), order);
  }
  const __m256i first = _mm256_unpacklo_epi8(rows[0], rows[1]);
  const __m256i last = _mm256_unpacklo_epi8(rows[2], rows[2]);
  column[0] = _mm256_unpacklo_epi16(first, last);
  if (vectors == 2) column[1] = _mm256_unpackhi_epi16(first, last);
}

#include "s8_quads.h"

AVXVNNI FK_KERNEL(fk_s8_conv_6x16__avxvnni) { convolution(params, begin, end, scratch); }

AVXVNNI FK_KERNEL(fk_s8_depthwise_3x3_1x16__avxvnni) {
  (void)scratch;
  depthwise(params, begin, end);
}

#endif
