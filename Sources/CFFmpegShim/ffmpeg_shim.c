#include "ffmpeg_shim.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/log.h>
#include <string.h>

const int ffs_error_eof = AVERROR_EOF;
const int ffs_error_again = AVERROR(EAGAIN);
const int64_t ffs_no_pts = AV_NOPTS_VALUE;

static _Thread_local char last_words[512];

void ffs_error_text(int code, char *text, int size) { av_strerror(code, text, size); }

static void keep(void *object, int level, const char *format, va_list arguments) {
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
