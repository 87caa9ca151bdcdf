#include "ffmpeg_shim.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/log.h>
#include <libavutil/pixdesc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

const int ffs_error_eof = AVERROR_EOF;
const int ffs_error_again = AVERROR(EAGAIN);
const int64_t ffs_no_pts = AV_NOPTS_VALUE;

static _Thread_local char last_words[512];

void ffs_error_text(int code, char *text, int size) { av_strerror(code, text, size); }

// What is known of a decoder, shared by its threads' contexts, which are copies.
struct watch {
  atomic_long errors;
  int clears;
};

// Notes an error of a decoder that is watched, on whatever thread.
static void count(void *object, const char *format) {
  if (!object || *(const AVClass **)object != avcodec_get_class()) return;
  struct watch *watch = ((AVCodecContext *)object)->opaque;
  // What cameras write beside pictures is often cut short; no picture depends on it.
  if (watch && strncmp(format, "SEI ", 4) != 0) atomic_fetch_add(&watch->errors, 1);
}

static void keep(void *object, int level, const char *format, va_list arguments) {
  // That parts are made up is no more than information to FFmpeg.
  if (level <= AV_LOG_ERROR || strncmp(format, "concealing ", 11) == 0) count(object, format);
  if (level > AV_LOG_WARNING) return;
  int prefix = 1;
  char line[sizeof last_words];
  av_log_format_line2(object, level, format, arguments, line, sizeof line, &prefix);
  size_t length = strlen(line);
  while (length && (line[length - 1] == '\n' || line[length - 1] == ' ')) line[--length] = 0;
  // The prefix is "[name @ 0xaddress] ": the address means nothing to a reader.
  char *said = line;
  if (*said == '[') {
    char *close = strstr(said, "] ");
    while (close && close[2] == '[') close = strstr(close + 2, "] ");
    if (close) said = close + 2;
  }
  if (*said) memmove(last_words, said, strlen(said) + 1);
}

void ffs_capture_log(void) { av_log_set_callback(keep); }
void ffs_forget_words(void) { last_words[0] = 0; }
const char *ffs_last_words(void) { return last_words; }

// Goes over one place of each square of 16 pixels, the least that HEVC decodes by itself. With `marks`, clears the
// colour there; else says whether a place has none of it, neither blue nor red: no camera's picture has that colour.
// FFmpeg orders its threads by atomics of its own, which the thread sanitizer does not see.
__attribute__((no_sanitize("thread"))) static int visit(const AVFrame *frame, int marks) {
  const AVPixFmtDescriptor *kind = av_pix_fmt_desc_get(frame->format);
  if (!kind || kind->nb_components < 3 || kind->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_HWACCEL) ||
      !(kind->flags & AV_PIX_FMT_FLAG_PLANAR) || kind->comp[1].plane == kind->comp[2].plane) {
    return 0;
  }
  const int across = 16 >> kind->log2_chroma_w, down = 16 >> kind->log2_chroma_h, size = kind->comp[1].step;
  const int width = -(-frame->width >> kind->log2_chroma_w), height = -(-frame->height >> kind->log2_chroma_h);
  for (int y = down / 2; y < height; y += down) {
    uint8_t *blue = frame->data[kind->comp[1].plane] + (ptrdiff_t)y * frame->linesize[kind->comp[1].plane];
    uint8_t *red = frame->data[kind->comp[2].plane] + (ptrdiff_t)y * frame->linesize[kind->comp[2].plane];
    for (int x = across / 2; x < width; x += across) {
      uint8_t *places[] = {blue + x * size, red + x * size};
      int seen = 0;
      for (int part = 0; part < 2; ++part) {
        for (int byte = 0; byte < size; ++byte) {
          if (marks) places[part][byte] = 0;
          seen |= places[part][byte];
        }
      }
      if (!marks && !seen) return 1;
    }
  }
  return 0;
}

static int give_buffer(AVCodecContext *codec, AVFrame *frame, int flags) {
  const int code = avcodec_default_get_buffer2(codec, frame, flags);
  if (code < 0) return code;
  if (((struct watch *)codec->opaque)->clears) {
    for (int i = 0; i < AV_NUM_DATA_POINTERS && frame->buf[i]; ++i) {
      memset(frame->buf[i]->data, 0, frame->buf[i]->size);
    }
  } else {
    visit(frame, 1);
  }
  return 0;
}

void ffs_watch(AVCodecContext *codec, int clears) {
  struct watch *watch = calloc(1, sizeof *watch);
  if (!watch) return;
  watch->clears = clears;
  codec->opaque = watch;
  if (!clears && codec->codec_id != AV_CODEC_ID_HEVC) return;
  codec->get_buffer2 = give_buffer;
#if LIBAVCODEC_VERSION_MAJOR < 60
  codec->thread_safe_callbacks = 1;
#endif
}

long ffs_errors(const AVCodecContext *codec) {
  struct watch *watch = codec->opaque;
  return watch ? atomic_load(&watch->errors) : 0;
}

int ffs_has_holes(const AVCodecContext *codec, const AVFrame *frame) {
  return codec->codec_id == AV_CODEC_ID_HEVC && codec->opaque && visit(frame, 0);
}

void ffs_free_codec(AVCodecContext **codec) {
  void *watch = *codec ? (*codec)->opaque : NULL;
  avcodec_free_context(codec);
  free(watch);
}

void ffs_number(AVCodecContext *codec, AVPacket *packet, int64_t number) {
#if LIBAVCODEC_VERSION_MAJOR >= 61
  codec->flags |= AV_CODEC_FLAG_COPY_OPAQUE;
  packet->opaque = (void *)(intptr_t)number;
#else
  (void)packet;
  codec->reordered_opaque = number;
#endif
}

int64_t ffs_number_of(const AVFrame *frame) {
#if LIBAVCODEC_VERSION_MAJOR >= 61
  return (intptr_t)frame->opaque;
#else
  return frame->reordered_opaque;
#endif
}

const int32_t *ffs_stream_matrix(const AVStream *stream) {
#if LIBAVFORMAT_VERSION_MAJOR >= 61
  const AVPacketSideData *data = av_packet_side_data_get(
      stream->codecpar->coded_side_data, stream->codecpar->nb_coded_side_data,
      AV_PKT_DATA_DISPLAYMATRIX);
  return data && data->size >= 36 ? (const int32_t *)data->data : NULL;
#else
  size_t size = 0;
  const uint8_t *data = av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, &size);
  return data && size >= 36 ? (const int32_t *)data : NULL;
#endif
}

int ffs_crop(AVFrame *frame, int left, int top, int right, int bottom) {
  frame->crop_left = left;
  frame->crop_top = top;
  frame->crop_right = right;
  frame->crop_bottom = bottom;
  return av_frame_apply_cropping(frame, AV_FRAME_CROP_UNALIGNED);
}
