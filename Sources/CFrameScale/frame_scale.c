#include "frame_scale.h"

// NAME, of loops NAME_loops that the compiler makes vectors of: on x86-64 also for processors with AVX2. (Not
// target_clones, whose choice is made before the thread sanitizer has begun.)
#define LOOPS static inline __attribute__((always_inline)) void
#if defined(__x86_64__)
#define VECTORS(NAME, PARAMETERS, ARGUMENTS)                               \
  __attribute__((target("avx2"))) static void NAME##_avx2 PARAMETERS {     \
    NAME##_loops ARGUMENTS;                                                \
  }                                                                        \
  static void NAME PARAMETERS {                                            \
    if (__builtin_cpu_supports("avx2")) NAME##_avx2 ARGUMENTS;             \
    else NAME##_loops ARGUMENTS;                                           \
  }
#else
#define VECTORS(NAME, PARAMETERS, ARGUMENTS)                               \
  static void NAME PARAMETERS { NAME##_loops ARGUMENTS; }
#endif

#define WHOLE 256  // the weight of a column that belongs to one of the result alone

// Which columns of a plane each column of a result is the mean of: `count` from `first` on, by weights.
typedef struct {
  int count;
  int32_t *first;
  uint16_t *weights;
} shares;

static int most_shares(int columns, int width) {
  const int most = columns / width + 2;
  return most < columns ? most : columns;
}

static size_t shares_size(int columns, int width) {
  const size_t each = sizeof(int32_t) + (size_t)most_shares(columns, width) * sizeof(uint16_t);
  return (width * each + 7) & ~(size_t)7;
}

static shares find_shares(int columns, int width, void *room) {
  const int count = most_shares(columns, width);
  shares made = {count, room, (uint16_t *)((int32_t *)room + width)};
  for (int place = 0; place < width; place++) {
    const int64_t from = (int64_t)place * columns * WHOLE / width;
    const int64_t to = (int64_t)(place + 1) * columns * WHOLE / width;
    int first = (int)(from / WHOLE);
    if (first > columns - count) first = columns - count;
    made.first[place] = first;
    for (int index = 0; index < count; index++) {
      const int64_t left = (int64_t)(first + index) * WHOLE, right = left + WHOLE;
      const int64_t low = left > from ? left : from, high = right < to ? right : to;
      made.weights[place * count + index] = (uint16_t)(high > low ? high - low : 0);
    }
  }
  return made;
}

size_t frame_scale_scratch(const frame_scale_picture *picture, int width) {
  return shares_size(picture->width, width) + shares_size(picture->chroma_width, width) +
         (size_t)width * (3 * sizeof(float) + 3) + (size_t)picture->width * sizeof(uint16_t);
}

// Sums `count` rows, of which the first and the last count `first` and `last`, each other `each`: no sum
// exceeds 16 bits.
LOOPS sum_rows_loops(const uint8_t *row, ptrdiff_t stride, int count, uint16_t first, uint16_t each,
                     uint16_t last, int columns, uint16_t *restrict sums) {
  const uint8_t *end = row + (count - 1) * stride;
  if (count == 1) last = 0;
  for (int column = 0; column < columns; column++)
    sums[column] = (uint16_t)(first * row[column] + last * end[column]);
  int left = count - 2;
  for (row += stride; left >= 3; left -= 3, row += 3 * stride) {
    const uint8_t *a = row, *b = a + stride, *c = b + stride;
    for (int column = 0; column < columns; column++)
      sums[column] = (uint16_t)(sums[column] + each * (uint16_t)(a[column] + b[column] + c[column]));
  }
  for (; left >= 1; left--, row += stride)
    for (int column = 0; column < columns; column++)
      sums[column] = (uint16_t)(sums[column] + each * row[column]);
}

VECTORS(sum_rows,
        (const uint8_t *row, ptrdiff_t stride, int count, uint16_t first, uint16_t each,
         uint16_t last, int columns, uint16_t *restrict sums),
        (row, stride, count, first, each, last, columns, sums))

// Means of sums by shares, for one number of shares that the compiler knows.
#define MEANS(COUNT)                                                       \
  case COUNT:                                                              \
    for (int place = 0; place < width; place++) {                          \
      const uint16_t *from = sums + shares->first[place];                  \
      const uint16_t *weights = shares->weights + place * COUNT;           \
      uint32_t sum = 0;                                                    \
      for (int index = 0; index < COUNT; index++)                          \
        sum += (uint32_t)from[index] * weights[index];                     \
      means[place] = (float)(int32_t)(sum >> 1) * scale;                   \
    }                                                                      \
    break

LOOPS mean_columns_loops(const uint16_t *sums, const shares *shares, int width, float scale,
                         float *restrict means) {
  switch (shares->count) {
    MEANS(3);
    MEANS(4);
    MEANS(5);
    MEANS(6);
    MEANS(7);
    MEANS(8);
    MEANS(9);
    MEANS(10);
    default:
      for (int place = 0; place < width; place++) {
        const uint16_t *from = sums + shares->first[place];
        const uint16_t *weights = shares->weights + (size_t)place * shares->count;
        uint32_t sum = 0;
        for (int index = 0; index < shares->count; index++)
          sum += (uint32_t)from[index] * weights[index];
        means[place] = (float)(int32_t)(sum >> 1) * scale;
      }
  }
}

VECTORS(mean_columns,
        (const uint16_t *sums, const shares *shares, int width, float scale, float *restrict means),
        (sums, shares, width, scale, means))

// Row `row` of `to_height` of a plane, each value the mean of its area.
static void mean_row(const uint8_t *plane, ptrdiff_t stride, int width, int height, int row,
                     int to_width, int to_height, const shares *shares, uint16_t *sums,
                     float *means) {
  const int64_t top = (int64_t)row * height, bottom = top + height;
  const int from = (int)(top / to_height), to = (int)((bottom + to_height - 1) / to_height);
  const int count = to - from;
  unsigned each = 256;
  while (each > 1 && (unsigned)count * each * 255 > UINT16_MAX) each /= 2;
  const int64_t outside_first = top - from * (int64_t)to_height;
  const int64_t outside_last = to * (int64_t)to_height - bottom;
  unsigned first = each - (unsigned)((outside_first * each + to_height / 2) / to_height);
  unsigned last = each - (unsigned)((outside_last * each + to_height / 2) / to_height);
  if (count == 1) first = each;
  sum_rows(plane + from * stride, stride, count, (uint16_t)first, (uint16_t)each, (uint16_t)last,
           width, sums);
  const unsigned weight = count == 1 ? first : first + last + each * (unsigned)(count - 2);
  const float scale = 2 * (float)to_width / ((float)WHOLE * (float)width * (float)weight);
  mean_columns(sums, shares, to_width, scale, means);
}

static inline uint8_t byte(float value) {
  value = value > 0 ? value : 0;
  value = value < 255 ? value : 255;
  return (uint8_t)(int)(value + 0.5f);
}

void frame_scale(const frame_scale_picture *picture, int width, int height, uint8_t *rgb,
                 size_t stride, void *scratch) {
  const shares of_luma = find_shares(picture->width, width, scratch);
  scratch = (uint8_t *)scratch + shares_size(picture->width, width);
  const shares of_chroma = find_shares(picture->chroma_width, width, scratch);
  scratch = (uint8_t *)scratch + shares_size(picture->chroma_width, width);
  float *restrict y = scratch, *restrict u = y + width, *restrict v = u + width;
  uint16_t *sums = (uint16_t *)(v + width);
  uint8_t *restrict r = (uint8_t *)(sums + picture->width), *restrict g = r + width,
                    *restrict b = g + width;
  const int full = picture->full_range;
  const float luma = full ? 1 : 255.0f / 219, chroma = (full ? 224.0f / 255 : 1) / 65536;
  const float black = full ? 0 : 16;
  const float red = chroma * picture->coefficients[0], blue = chroma * picture->coefficients[1];
  const float green_u = chroma * picture->coefficients[2], green_v = chroma * picture->coefficients[3];
  for (int row = 0; row < height; row++) {
    mean_row(picture->planes[0], picture->strides[0], picture->width, picture->height, row, width,
             height, &of_luma, sums, y);
    mean_row(picture->planes[1], picture->strides[1], picture->chroma_width, picture->chroma_height,
             row, width, height, &of_chroma, sums, u);
    mean_row(picture->planes[2], picture->strides[2], picture->chroma_width, picture->chroma_height,
             row, width, height, &of_chroma, sums, v);
    uint8_t *pixel = rgb + (size_t)row * stride;
    for (int column = 0; column < width; column++) {
      const float light = luma * (y[column] - black);
      const float of_u = u[column] - 128, of_v = v[column] - 128;
      r[column] = byte(light + red * of_v);
      g[column] = byte(light - green_u * of_u - green_v * of_v);
      b[column] = byte(light + blue * of_u);
    }
    for (int column = 0; column < width; column++, pixel += 3) {
      pixel[0] = r[column];
      pixel[1] = g[column];
      pixel[2] = b[column];
    }
  }
}
