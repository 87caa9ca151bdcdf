// The kernels that the table lists. A name is fk_<type>_<op>_<tile>__<isa>.
#ifndef FK_TABLE_H
#define FK_TABLE_H

#include "ckernels.h"

#define FK_KERNEL(name) void name(const void *params, int64_t begin, int64_t end, void *scratch)

FK_KERNEL(fk_f32_conv_1x8__portable);
FK_KERNEL(fk_f32_depthwise_1x8__portable);
FK_KERNEL(fk_s8_conv_1x8__portable);
FK_KERNEL(fk_s8_depthwise_1x8__portable);
FK_KERNEL(fk_f32_binary_1__portable);
FK_KERNEL(fk_s8_add_1__portable);
FK_KERNEL(fk_s8_mul_1__portable);
FK_KERNEL(fk_f32_clamp_1__portable);
FK_KERNEL(fk_s8_lookup_1__portable);
FK_KERNEL(fk_f32_to_s8_1__portable);
FK_KERNEL(fk_s8_to_f32_1__portable);
FK_KERNEL(fk_f32_max_pool_1__portable);
FK_KERNEL(fk_s8_max_pool_1__portable);
FK_KERNEL(fk_f32_softmax_1__portable);
FK_KERNEL(fk_s8_softmax_1__portable);
FK_KERNEL(fk_any_pad_1__portable);
FK_KERNEL(fk_f32_average_pool_1__portable);
FK_KERNEL(fk_s8_average_pool_1__portable);
FK_KERNEL(fk_f32_logistic_1__portable);
FK_KERNEL(fk_f32_mean_1__portable);
FK_KERNEL(fk_s8_mean_1__portable);
FK_KERNEL(fk_any_resize_1__portable);
FK_KERNEL(fk_any_move_1__portable);
FK_KERNEL(fk_f32_dynamic_quantize_1__portable);
FK_KERNEL(fk_any_detection_1__portable);

#if defined(__x86_64__)
FK_KERNEL(fk_f32_to_s8_8__avx2);
FK_KERNEL(fk_f32_dynamic_quantize_8__avx2);
FK_KERNEL(fk_s8_add_same_16__avx2);
FK_KERNEL(fk_f32_binary_same_8__avx2);
FK_KERNEL(fk_f32_conv_narrow_6x8__avx2);
FK_KERNEL(fk_f32_conv_6x8__avx2);
FK_KERNEL(fk_f32_depthwise_3x3_1x8__avx2);
FK_KERNEL(fk_f32_depthwise_1x8__avx2);
FK_KERNEL(fk_s8_conv_6x16__avx2);
FK_KERNEL(fk_s8_depthwise_1x16__avx2);
FK_KERNEL(fk_s8_depthwise_3x3_1x16__avx2);
FK_KERNEL(fk_s8_conv_6x16__avxvnni);
FK_KERNEL(fk_s8_depthwise_3x3_1x16__avxvnni);
FK_KERNEL(fk_s8_add_same_16__avx512);
FK_KERNEL(fk_f32_conv_8x16__avx512);
FK_KERNEL(fk_f32_depthwise_3x3_1x16__avx512);
FK_KERNEL(fk_s8_conv_8x16__avx512);
FK_KERNEL(fk_s8_depthwise_1x16__avx512);
#endif

#if defined(__aarch64__)
FK_KERNEL(fk_f32_conv_8x4__neon);
FK_KERNEL(fk_f32_depthwise_3x3_1x4__neon);
FK_KERNEL(fk_s8_conv_6x16__neon);
FK_KERNEL(fk_s8_depthwise_3x3_1x16__neon);
FK_KERNEL(fk_s8_conv_6x16__dotprod);
FK_KERNEL(fk_s8_depthwise_3x3_1x16__dotprod);
#endif

#endif
