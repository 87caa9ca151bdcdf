// Compute kernels of the inference engine.
//
// Every kernel has one signature (`fk_run`): parameters, a range of work units, and scratch memory of
// its own. A unit is what the parameter struct's comment says; ranges of one kernel may run on
// different threads at once. No kernel allocates, and none keeps state.
//
// Layout is NHWC. Bytes of quantised tensors are read and written as int8 after exclusive-or with
// `flip`: 0 for int8 tensors, 0x80 for uint8 tensors. Every zero point, clamp and offset is in that
// int8 domain, so one kernel serves both.
//
// Permitted over-read: vector kernels may read up to FK_SLACK bytes behind the end of a tensor,
// never write there. The owner of the memory provides that slack.
#ifndef CKERNELS_H
#define CKERNELS_H

#include <stddef.h>
#include <stdint.h>

#define FK_SLACK 64
#define FK_MAX_RANK 6

// Instruction sets, in the order in which they are preferred on a machine that has them. A machine with
// AVX-512 need not have AVX-VNNI: what the latter has a kernel for, the former has one for too.
typedef enum fk_isa {
  FK_ISA_PORTABLE = 0,
  FK_ISA_NEON = 1,     // arm64
  FK_ISA_DOTPROD = 2,  // arm64 with sdot
  FK_ISA_AVX2 = 3,     // with FMA
  FK_ISA_AVXVNNI = 4,  // AVX2 and vpdpbusd without AVX-512
  FK_ISA_AVX512 = 5,   // F, BW, DQ, VL and VNNI
} fk_isa;

typedef enum fk_op {
  FK_OP_F32_CONV,       // fk_f32_conv, neighbouring columns not dilated
  FK_OP_F32_CONV_DILATED,  // fk_f32_conv
  FK_OP_F32_CONV_NARROW,  // fk_f32_conv, 1x1 with stride 1 and no border, an even in_c, at most 8 out_c
  FK_OP_F32_DEPTHWISE,  // fk_f32_depthwise
  FK_OP_F32_DEPTHWISE_3X3,  // fk_f32_depthwise, 3x3 without dilation, a channel in for each out
  FK_OP_S8_CONV,        // fk_s8_conv, neighbouring columns not dilated
  FK_OP_S8_CONV_DILATED,  // fk_s8_conv
  FK_OP_S8_DEPTHWISE,   // fk_s8_depthwise
  FK_OP_S8_DEPTHWISE_3X3,  // fk_s8_depthwise, 3x3 without dilation, a channel in for each out
  FK_OP_F32_BINARY,     // fk_f32_binary
  FK_OP_F32_BINARY_SAME,  // fk_f32_binary, of two inputs of one shape
  FK_OP_S8_ADD,         // fk_s8_add
  FK_OP_S8_ADD_SAME,    // fk_s8_add, of two inputs of one shape that are not subtracted
  FK_OP_S8_MUL,         // fk_s8_mul
  FK_OP_F32_CLAMP,      // fk_f32_clamp
  FK_OP_S8_LOOKUP,      // fk_s8_lookup
  FK_OP_F32_TO_S8,      // fk_f32_to_s8
  FK_OP_S8_TO_F32,      // fk_s8_to_f32
  FK_OP_F32_MAX_POOL,   // fk_f32_pool
  FK_OP_S8_MAX_POOL,    // fk_s8_pool
  FK_OP_F32_SOFTMAX,    // fk_f32_softmax
  FK_OP_S8_SOFTMAX,     // fk_s8_softmax
  FK_OP_F32_AVERAGE_POOL,  // fk_f32_pool
  FK_OP_S8_AVERAGE_POOL,   // fk_s8_pool
  FK_OP_F32_LOGISTIC,   // fk_f32_clamp
  FK_OP_F32_MEAN,       // fk_mean
  FK_OP_S8_MEAN,        // fk_mean
  FK_OP_RESIZE,         // fk_resize
  FK_OP_PAD,            // fk_pad
  FK_OP_MOVE,           // fk_move
  FK_OP_DYNAMIC_QUANTIZE,  // fk_dynamic_quantize
  FK_OP_DETECTION,      // fk_detection
} fk_op;

// Runs the units `begin ..< end` of one operator.
typedef void (*fk_run)(const void *params, int64_t begin, int64_t end, void *scratch);

// One kernel: a row of the table.
typedef struct fk_kernel {
  fk_op op;
  fk_isa isa;
  const char *name;
  // The tile: rows (output pixels) by columns (output channels), and how many steps of the inner
  // dimension lie side by side in packed weights. Zero where the operator has no packed weights.
  // Quantised weights with kr 4 are bytes, others are 16 bits.
  // Their last group of 16 channels ends with the last channel, so groups may overlap.
  int32_t mr, nr, kr;
  fk_run run;
} fk_kernel;

// Part of a plan: a kernel and the units of work that it is to run.
typedef struct fk_call {
  fk_run run;
  const void *params;
  int64_t begin, end;
} fk_call;

// Memory of `size` bytes, a multiple of the granularity, which lies twice in a row: any `size` bytes that
// begin in its first half are whole. Null where there is none to be had.
void *fk_ring_create(size_t size);
void fk_ring_destroy(void *ring, size_t size);
size_t fk_ring_granularity(void);

// Threads that wait for a plan, always the same one. Null for too few threads, or where none can be had.
typedef struct fk_pool fk_pool;
fk_pool *fk_pool_create(int32_t threads);
void fk_pool_destroy(fk_pool *pool);
// Runs calls in order, each divided among the pool's threads and the caller; null for the caller
// alone. Every thread has `scratch_step` bytes of scratch. Allocates nothing.
void fk_execute(
    fk_pool *pool, const fk_call *calls, int64_t count, void *scratch, int64_t scratch_step);

size_t fk_kernel_count(void);
const fk_kernel *fk_kernel_at(size_t index);
// The best kernel for an operator that needs nothing above `isa`. Never null for a known operator.
const fk_kernel *fk_kernel_for(fk_op op, fk_isa isa);
// The best instruction set of this machine that the table has kernels for.
fk_isa fk_isa_best(void);
// 1 where this machine can run kernels of `isa`.
int fk_isa_available(fk_isa isa);
const char *fk_isa_name(fk_isa isa);
// What a quantised kernel adds to inputs: 128 where it makes them unsigned, otherwise 0.
int32_t fk_input_offset(const fk_kernel *kernel);

// Fixed-point arithmetic, as TensorFlow Lite's reference kernels define it (double rounding).
int32_t fk_multiply_quantized(int32_t value, int32_t multiplier, int32_t shift);

// Requantisation of 16 channels in few instructions. With M = 2 * multiplier and an accumulator that
// is offset by 2^31, the upper 32 bits of accumulator * M + even (or odd) are what the reference has
// after its first rounding, plus half a step of its second rounding and the output's zero point. Where
// that is below `sign`, one is taken off, as the second rounding is away from zero. The rest is an
// arithmetic shift to the right.
//
// Where factors above one occur, accumulators are not offset but shifted left first.
typedef struct fk_requant {
  int32_t bias[16];
  uint32_t multiplier[16];
  uint64_t even[8], odd[8];
  int32_t shift[16];
  int32_t sign[16];
  int32_t left[16];
} fk_requant;

// First channel of a group of 16. The last group ends with the last channel; where 8 or fewer remain for
// it, it is half a group, whose second half is the same as its first.
static inline int64_t fk_group_start(int64_t group, int64_t out_c) {
  const int64_t rest = out_c - 16 * group;
  return rest >= 16 ? 16 * group : rest > 8 ? (out_c > 16 ? out_c - 16 : 0) : (out_c > 8 ? out_c - 8 : 0);
}
static inline int fk_group_is_half(int64_t group, int64_t out_c) { return out_c - 16 * group <= 8; }

// Fills the groups of `out_c` channels, whose sums of products are never beyond `products`. 0 where a sum may
// not fit, and the general way is to be taken; 2 where factors above one occur, otherwise 1.
// `overlaps`: as kernels with kr 4 have groups. Others have channels 4-7 and 8-11 of a group interchanged.
int fk_requant_fill(
    int64_t out_c, int32_t overlaps, const int32_t *bias, const int32_t *multiplier, const int32_t *shift,
    const int64_t *products, int32_t out_zero, fk_requant *blocks);

// MARK: convolution

// Geometry of a window that slides over H and W. Unit of work: one output row, batch * out_h of them.
// Positions outside the input count as zero (the zero point, if quantised).
typedef struct fk_window {
  int32_t batch, in_h, in_w, in_c, out_h, out_w, out_c;
  int32_t k_h, k_w, stride_h, stride_w, dilation_h, dilation_w, pad_top, pad_left;
} fk_window;

typedef struct fk_f32_conv {
  fk_window w;
  const float *input;
  const float *weights;  // packed, see fk_pack_f32_conv
  const float *bias;     // padded with zeros to a multiple of nr
  float *output;
  float lo, hi;
} fk_f32_conv;

// Where inputs are floats that were quantised at run time, results are floats again. Bias, multiplier
// and shift of the kernel's parameters are not used then, nor are its clamps and zero points.
typedef struct fk_hybrid {
  const struct fk_dynamic *dynamic;  // of each batch
  const int32_t *weight_sum;         // of each channel, padded to nr
  const float *scale;                // of each channel's weights, padded to nr
  const float *bias;                 // padded to nr
  float *output;
  float lo, hi;
} fk_hybrid;

typedef struct fk_s8_conv {
  fk_window w;
  const uint8_t *input;
  const void *weights;        // packed, see fk_pack_s8_conv
  const int32_t *bias;        // padded to nr; the input's zero point times the weights' sums taken off
  const int32_t *multiplier;  // padded to nr
  const int32_t *shift;       // padded to nr; positive is to the left
  uint8_t *output;
  int32_t out_zero, lo, hi;
  uint8_t in_zero;  // as it lies in memory, before `flip`
  uint8_t flip;
  int32_t weight_zero;        // of weights that are bytes; taken off those of 16 bits
  const fk_requant *requant;  // null where the general way is to be taken
  int32_t has_left;           // factors above one occur
  const fk_hybrid *hybrid;    // null where output is bytes
} fk_s8_conv;

// Output channel c reads input channel c / (out_c / in_c). Only the portable kernels take an out_c
// that differs from in_c.
typedef struct fk_f32_depthwise {
  fk_window w;
  const float *input;
  const float *weights;  // packed, see fk_pack_f32_depthwise
  const float *bias;     // padded to nr
  const float *zeros;    // in_c zeros, and slack
  float *output;
  float lo, hi;
} fk_f32_depthwise;

typedef struct fk_s8_depthwise {
  fk_window w;
  const uint8_t *input;
  const void *weights;        // packed, see fk_pack_s8_depthwise
  const int32_t *bias;        // padded to nr; the input's zero point times the weights' sums taken off
  const int32_t *multiplier;  // padded to nr
  const int32_t *shift;       // padded to nr
  const uint8_t *zeros;       // in_c times the input's zero point, as it lies in memory, and slack
  uint8_t *output;
  int32_t out_zero, lo, hi;
  uint8_t flip;
  const fk_requant *requant;  // null where the general way is to be taken
  int32_t has_left;           // factors above one occur
  const fk_hybrid *hybrid;    // null where output is bytes
  int32_t is_wide;            // weights with kr 4 have a second half that is not zero
} fk_s8_depthwise;

// Elements (not bytes) that the packed weights take.
// k is in runs: the k_w * in_c values of a window's row. A kernel with kr 4 has bytes.
int64_t fk_packed_conv_size(int64_t out_c, int64_t k, int64_t run, int32_t nr, int32_t kr);
int64_t fk_packed_depthwise_size(int64_t out_c, int64_t taps, int32_t nr, int32_t kr);
// `weights` is [out_c][k], packed [group of nr channels][k / kr][nr][kr]. With `overlaps` the last group
// ends with the last channel, as fast kernels have it.
void fk_pack_f32_conv(
    const float *weights, int64_t out_c, int64_t k, int32_t nr, int32_t kr, int32_t overlaps,
    float *packed);
// `zero` and `flip` belong to the weights. [panel][run][ceil(values of the run / kr)][nr][kr],
// panels as groups if kr is 4.
void fk_pack_s8_conv(
    const uint8_t *weights, int64_t out_c, int64_t k, int64_t run, int32_t nr, int32_t kr,
    int32_t zero, uint8_t flip, void *packed);
// `weights` is [taps][out_c].
// Packed [taps][out_c rounded up to nr], or with `overlaps` [group of nr channels][taps][nr].
void fk_pack_f32_depthwise(
    const float *weights, int64_t out_c, int64_t taps, int32_t nr, int32_t overlaps,
    float *packed);
// kr 1: [taps][out_c padded]. kr 2: [pairs of taps][groups of 16 channels][0-3, 8-11, 4-7, 12-15][2].
// kr 3, for 3x3 only: [groups of 16 channels][column][rows 0 and 1, row 2][channels as above][2].
// kr 4, for 3x3 only: [groups of 16 channels][2][column][16][row], of which the second half is what
// did not fit into a byte in the first. 0 where that does not fit either, 2 where it is needed, else 1.
int fk_pack_s8_depthwise(
    const uint8_t *weights, int64_t out_c, int64_t taps, int32_t nr, int32_t kr, int32_t zero,
    uint8_t flip, void *packed);
// Takes input zero point times the sum of a channel's weights off its bias, so that kernels may
// multiply inputs as they lie. Weight i of channel c is at c * channel_step + i * k_step. Wraps.
void fk_fold_input_zero(
    const uint8_t *weights, int64_t out_c, int64_t k, int64_t channel_step, int64_t k_step,
    int32_t zero, uint8_t flip, int32_t input_zero, int32_t *bias);
// The largest that a channel's sum of products can be: weights' distances from their zero times 255,
// the largest distance of an input from its own.
void fk_sum_bounds(
    const uint8_t *weights, int64_t out_c, int64_t k, int64_t channel_step, int64_t k_step,
    int32_t zero, uint8_t flip, int64_t *bound);
// Scratch bytes that one thread needs.
int64_t fk_f32_conv_scratch(const fk_window *w, const fk_kernel *kernel);
int64_t fk_s8_conv_scratch(const fk_window *w, const fk_kernel *kernel);
int64_t fk_depthwise_scratch(const fk_window *w);

// MARK: element by element

// A binary operation with broadcasting. Strides are in elements, 0 where an input is repeated.
// Unit of work: one output element.
typedef struct fk_broadcast {
  int32_t rank;
  int64_t dims[FK_MAX_RANK];
  int64_t a_stride[FK_MAX_RANK];
  int64_t b_stride[FK_MAX_RANK];
} fk_broadcast;

typedef enum fk_arithmetic { FK_ADD, FK_SUB, FK_MUL } fk_arithmetic;

typedef struct fk_f32_binary {
  fk_broadcast shape;
  const float *a, *b;
  float *output;
  fk_arithmetic op;
  float lo, hi;
} fk_f32_binary;

typedef struct fk_s8_add {
  fk_broadcast shape;
  const uint8_t *a, *b;
  uint8_t *output;
  // Each input byte's share of the sum, already offset, shifted left by 20 and scaled.
  const int32_t *a_term, *b_term;
  // What those are made of.
  int32_t a_zero, a_multiplier, a_shift, b_zero, b_multiplier, b_shift;
  int32_t multiplier, shift, out_zero, lo, hi;
  uint8_t flip;
} fk_s8_add;

typedef struct fk_s8_mul {
  fk_broadcast shape;
  const uint8_t *a, *b;
  uint8_t *output;
  int32_t a_zero, b_zero, multiplier, shift, out_zero, lo, hi;
  uint8_t flip;
} fk_s8_mul;

typedef struct fk_f32_clamp {
  const float *input;
  float *output;
  float lo, hi;
} fk_f32_clamp;

// Any function of one byte.
typedef struct fk_s8_lookup {
  const uint8_t *input;
  uint8_t *output;
  uint8_t table[256];  // indexed by the byte as it lies in memory
} fk_s8_lookup;

typedef struct fk_f32_to_s8 {
  const float *input;
  uint8_t *output;
  float scale;
  int32_t zero;
  uint8_t flip;
} fk_f32_to_s8;

typedef struct fk_s8_to_f32 {
  const uint8_t *input;
  float *output;
  float table[256];  // indexed by the byte as it lies in memory
} fk_s8_to_f32;

// MARK: pooling, softmax, moving

// Unit of work: one output row. A window counts only the positions inside the input.
typedef struct fk_f32_pool {
  fk_window w;
  const float *input;
  float *output;
  float lo, hi;
} fk_f32_pool;

typedef struct fk_s8_pool {
  fk_window w;
  const uint8_t *input;
  uint8_t *output;
  int32_t lo, hi;
  uint8_t flip;
} fk_s8_pool;

// Along the last dimension. Unit of work: one row of `depth`.
typedef struct fk_f32_softmax {
  const float *input;
  float *output;
  int64_t depth;
  float beta;
} fk_f32_softmax;

// exp_of_difference[d] is exp(-d * scale * beta) in Q0.31 for d = max - value, zero where negligible.
typedef struct fk_s8_softmax {
  const uint8_t *input;
  uint8_t *output;
  int64_t depth;
  uint8_t flip;
  int32_t exp_of_difference[256];
} fk_s8_softmax;
// Fills the table for an input scale already turned into multiplier and left shift.
void fk_s8_softmax_fill(
    fk_s8_softmax *p, int32_t multiplier, int32_t left_shift, int32_t largest_difference);

// Unit of work: one output element of the dimensions before the last. Sizes are in elements; the
// last dimension's are in bytes.
typedef struct fk_pad {
  const uint8_t *input;
  uint8_t *output;
  int32_t rank;
  int64_t in_dims[FK_MAX_RANK];
  int64_t out_dims[FK_MAX_RANK];
  int64_t before[FK_MAX_RANK];
  int32_t value_size;
  uint8_t value[8];
} fk_pad;

// Unit of work: one run of `size` bytes, prod(dims) of them. Strides and offsets are in bytes.
typedef struct fk_move {
  const uint8_t *input;
  uint8_t *output;
  int32_t rank;
  int64_t dims[FK_MAX_RANK];
  int64_t in_stride[FK_MAX_RANK];
  int64_t out_stride[FK_MAX_RANK];
  int64_t in_offset, out_offset, size;
  const uint8_t *table;  // what bytes become, or null
} fk_move;

// MARK: reducing, resizing

// Means of `count` values each. Strides are those of the output, 0 along what is reduced.
// One unit of work; scratch of 4 bytes for every output.
typedef struct fk_mean {
  const void *input;
  void *output;
  int32_t rank;
  int64_t dims[FK_MAX_RANK];
  int64_t out_stride[FK_MAX_RANK];
  int64_t outputs, count;
  // Quantised: the factor includes the division by `count`; in_sum is count times the zero point.
  int32_t multiplier, shift, in_sum, out_zero;
  uint8_t flip;
} fk_mean;

typedef enum fk_interpolation {
  FK_NEAREST,
  FK_BILINEAR_F32,
  FK_BILINEAR_U8,  // as floats, rounded half up
  FK_BILINEAR_S8,  // in fixed point with 10 bits behind the point
} fk_interpolation;

// Unit of work: one output row, batch * out_h of them. Rows and columns of the two neighbours and
// the second's weight are listed for each output row and column: a float, or 10 bits fixed point.
typedef struct fk_resize {
  const uint8_t *input;
  uint8_t *output;
  int64_t in_h, in_w, out_h, out_w;
  int64_t depth;  // bytes of a pixel if nearest, channels otherwise
  fk_interpolation kind;
  const int32_t *y0, *y1, *x0, *x1;
  const float *y_weight, *x_weight;
  const int32_t *y_fixed, *x_fixed;
} fk_resize;

// MARK: float inputs brought to int8 at run time

// What one batch was quantised with.
typedef struct fk_dynamic {
  float scale;
  int32_t zero;
} fk_dynamic;

// Unit of work: one batch of `size` floats.
typedef struct fk_dynamic_quantize {
  const float *input;
  uint8_t *output;
  fk_dynamic *dynamic;
  int64_t size;
  int32_t is_asymmetric;
} fk_dynamic_quantize;

// MARK: detection

// Boxes from encodings relative to anchors, without those that overlap better ones. Unit: all.
typedef struct fk_detection {
  const void *boxes, *scores, *anchors;  // floats, or bytes where the scale is not 0
  float box_scale, score_scale, anchor_scale;
  int32_t box_zero, score_zero, anchor_zero;  // of bytes after exclusive-or with flip
  uint8_t box_flip, score_flip, anchor_flip;
  int64_t count, box_stride;  // boxes, and values of one box encoding
  int32_t classes, label_offset, per_anchor, per_class, limit, is_regular;
  float score_threshold, iou_threshold, y_scale, x_scale, h_scale, w_scale;
  float *out_boxes, *out_classes, *out_scores, *out_count;
} fk_detection;
int64_t fk_detection_scratch(const fk_detection *p);

#endif
