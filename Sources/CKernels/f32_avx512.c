// Float kernels for AVX-512.
#if defined(__x86_64__)

#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))

#define LANES 16
#define VECTOR __m512
#define LOAD _mm512_loadu_ps
#define STORE _mm512_storeu_ps
#define STORE_FIRST(to, value, n) _mm512_mask_storeu_ps(to, (__mmask16)((1u << (n)) - 1), value)
#define SET1 _mm512_set1_ps
#define ADD _mm512_add_ps
#define MULTIPLY _mm512_mul_ps
#define MULTIPLY_ADD _mm512_fmadd_ps
#define MIN _mm512_min_ps
#define MAX _mm512_max_ps
#define ZERO _mm512_setzero_ps()
#define TARGET AVX512
#define ROWS_1 12
#define ROWS_2 12
#define ROWS_3 8

#define BIAS(b) (b)
#define LIMIT(v, lo, hi) MIN(MAX(v, lo), hi)
#include "f32_tiles.h"

AVX512 FK_KERNEL(fk_f32_conv_8x16__avx512) { convolution(params, begin, end, scratch); }

AVX512 FK_KERNEL(fk_f32_depthwise_3x3_1x16__avx512) {
  (void)scratch;
  depthwise(params, begin, end);
}

#endif
