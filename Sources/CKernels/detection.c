// Boxes of a single-shot detector: decoded from their anchors, and of those that overlap only the one
// with the highest score. Equal scores keep the order of the boxes.
//
// Source: TensorFlow Lite's custom operator TFLite_Detection_PostProcess.
#include <math.h>
#include <string.h>

#include "table.h"

typedef struct box {
  float y0, x0, y1, x1;
} box;

typedef struct found {
  float score;
  int32_t box, label;
} found;

// Views of scratch memory.
typedef struct memory {
  box *boxes;
  found *candidates, *sorted, *kept, *merged;
  uint8_t *is_out;
} memory;

static int64_t align(int64_t bytes) { return (bytes + 63) / 64 * 64; }

static int64_t kept_capacity(const fk_detection *p) {
  return (int64_t)p->limit + (p->per_class > p->limit ? p->per_class : p->limit);
}

int64_t fk_detection_scratch(const fk_detection *p) {
  const int64_t list = (int64_t)sizeof(found);
  return align(p->count * (int64_t)sizeof(box)) + 2 * align(p->count * list) +
         2 * align(kept_capacity(p) * list) + align(p->count);
}

static memory divide(const fk_detection *p, uint8_t *scratch) {
  memory m;
  m.boxes = (box *)scratch;
  scratch += align(p->count * (int64_t)sizeof(box));
  m.candidates = (found *)scratch;
  scratch += align(p->count * (int64_t)sizeof(found));
  m.sorted = (found *)scratch;
  scratch += align(p->count * (int64_t)sizeof(found));
  m.kept = (found *)scratch;
  scratch += align(kept_capacity(p) * (int64_t)sizeof(found));
  m.merged = (found *)scratch;
  scratch += align(kept_capacity(p) * (int64_t)sizeof(found));
  m.is_out = scratch;
  return m;
}

static float real(const void *data, int64_t i, float scale, int32_t zero, uint8_t flip) {
  if (scale == 0) return ((const float *)data)[i];
  return scale * (float)((int8_t)(((const uint8_t *)data)[i] ^ flip) - zero);
}

static float score(const fk_detection *p, int64_t box_index, int64_t label) {
  const int64_t row = p->classes + p->label_offset;
  return real(
      p->scores, box_index * row + p->label_offset + label, p->score_scale, p->score_zero,
      p->score_flip);
}

static void decode(const fk_detection *p, box *boxes) {
  for (int64_t i = 0; i < p->count; i++) {
    float code[4], anchor[4];
    for (int j = 0; j < 4; j++) {
      code[j] = real(p->boxes, i * p->box_stride + j, p->box_scale, p->box_zero, p->box_flip);
      anchor[j] = real(p->anchors, i * 4 + j, p->anchor_scale, p->anchor_zero, p->anchor_flip);
    }
    const float y = code[0] / p->y_scale * anchor[2] + anchor[0];
    const float x = code[1] / p->x_scale * anchor[3] + anchor[1];
    const float half_h = 0.5f * expf(code[2] / p->h_scale) * anchor[2];
    const float half_w = 0.5f * expf(code[3] / p->w_scale) * anchor[3];
    boxes[i] = (box){y - half_h, x - half_w, y + half_h, x + half_w};
  }
}

static float overlap(box a, box b) {
  const float area_a = (a.y1 - a.y0) * (a.x1 - a.x0), area_b = (b.y1 - b.y0) * (b.x1 - b.x0);
  if (!(area_a > 0) || !(area_b > 0)) return 0;
  const float h = fmaxf(fminf(a.y1, b.y1) - fmaxf(a.y0, b.y0), 0);
  const float w = fmaxf(fminf(a.x1, b.x1) - fmaxf(a.x0, b.x0), 0);
  return h * w / (area_a + area_b - h * w);
}

// Merges `from` of `n` into descending order, stably; the result is where the return value points.
static found *sort(found *from, found *to, int64_t n) {
  for (int64_t width = 1; width < n; width *= 2) {
    for (int64_t start = 0; start < n; start += 2 * width) {
      const int64_t middle = start + width < n ? start + width : n;
      const int64_t stop = start + 2 * width < n ? start + 2 * width : n;
      int64_t a = start, b = middle;
      for (int64_t i = start; i < stop; i++) {
        const int takes_b = b < stop && (a >= middle || from[b].score > from[a].score);
        to[i] = takes_b ? from[b++] : from[a++];
      }
    }
    found *swap = from;
    from = to;
    to = swap;
  }
  return from;
}

// Keeps up to `limit` of `n` candidates, best first, none of which overlaps a better one too much.
static int64_t suppress(
    const fk_detection *p, memory *m, int64_t n, int64_t limit, found *kept) {
  const found *best = sort(m->candidates, m->sorted, n);
  memset(m->is_out, 0, (size_t)n);
  int64_t count = 0;
  for (int64_t i = 0; i < n && count < limit; i++) {
    if (m->is_out[i]) continue;
    kept[count++] = best[i];
    for (int64_t j = i + 1; j < n; j++) {
      if (m->is_out[j]) continue;
      m->is_out[j] =
          overlap(m->boxes[best[i].box], m->boxes[best[j].box]) > p->iou_threshold ? 1 : 0;
    }
  }
  return count;
}

static void put(const fk_detection *p, const box *boxes, int64_t place, found f) {
  memcpy(p->out_boxes + 4 * place, &boxes[f.box], sizeof(box));
  p->out_classes[place] = (float)f.label;
  p->out_scores[place] = f.score;
}

// Every class by itself, and the best of all.
static int64_t regular(const fk_detection *p, memory *m) {
  int64_t count = 0;
  for (int32_t label = 0; label < p->classes; label++) {
    int64_t n = 0;
    for (int64_t i = 0; i < p->count; i++) {
      const float value = score(p, i, label);
      if (value >= p->score_threshold) m->candidates[n++] = (found){value, (int32_t)i, label};
    }
    count += suppress(p, m, n, p->per_class, m->kept + count);
    const found *best = sort(m->kept, m->merged, count);
    if (count > p->limit) count = p->limit;
    if (best != m->kept) memcpy(m->kept, best, sizeof(found) * (size_t)count);
  }
  for (int64_t i = 0; i < count; i++) put(p, m->boxes, i, m->kept[i]);
  return count;
}

// Boxes by their best class, with the next best classes of those that are kept.
static int64_t fast(const fk_detection *p, memory *m) {
  int64_t n = 0;
  for (int64_t i = 0; i < p->count; i++) {
    found best = {score(p, i, 0), (int32_t)i, 0};
    for (int32_t label = 1; label < p->classes; label++) {
      const float value = score(p, i, label);
      if (value > best.score) best = (found){value, (int32_t)i, label};
    }
    if (best.score >= p->score_threshold) m->candidates[n++] = best;
  }
  const int64_t count = suppress(p, m, n, p->limit, m->kept);
  for (int64_t i = 0; i < count; i++) {
    found next = m->kept[i];
    put(p, m->boxes, i * p->per_anchor, next);
    for (int32_t j = 1; j < p->per_anchor && j < p->classes; j++) {
      // The best of those that come after the last one taken, by score and then by number.
      const found last = next;
      next.label = -1;
      for (int32_t label = 0; label < p->classes; label++) {
        const float value = score(p, last.box, label);
        const int comes_after =
            value < last.score || (value == last.score && label > last.label);
        if (comes_after && (next.label < 0 || value > next.score)) {
          next.score = value;
          next.label = label;
        }
      }
      if (next.label < 0) break;
      put(p, m->boxes, i * p->per_anchor + j, next);
    }
  }
  return count;
}

FK_KERNEL(fk_any_detection_1__portable) {
  const fk_detection *p = params;
  (void)begin;
  (void)end;
  memory m = divide(p, scratch);
  decode(p, m.boxes);
  const int64_t places = (int64_t)p->limit * p->per_anchor;
  memset(p->out_boxes, 0, sizeof(float) * 4 * (size_t)places);
  memset(p->out_classes, 0, sizeof(float) * (size_t)places);
  memset(p->out_scores, 0, sizeof(float) * (size_t)places);
  *p->out_count = (float)(p->is_regular ? regular(p, &m) : fast(p, &m));
}
