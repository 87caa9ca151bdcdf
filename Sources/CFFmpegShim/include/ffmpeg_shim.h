// What Swift cannot import of FFmpeg: macros, varargs and struct tricks.
#ifndef FISHCAM_FFMPEG_SHIM_H
#define FISHCAM_FFMPEG_SHIM_H

#include <stdint.h>

struct AVCodecContext;
struct AVFrame;
struct AVPacket;
struct AVStream;

extern const int ffs_error_eof;
extern const int ffs_error_again;
extern const int64_t ffs_no_pts;

// Loads FFmpeg's libraries on a thread of its own, so that they are there when they are needed. Without it
// the first call of one of their functions does.
void ffs_load_early(void);

// Waits for that thread, if there is one; before a program ends, as libraries that are being loaded must not be
// taken down.
void ffs_await_loading(void);

// FFmpeg's text for an error code.
void ffs_error_text(int code, char *text, int size);

// Takes over FFmpeg's log: nothing goes to standard error, and each thread keeps the last error
// or warning said on it. Safe to call more than once.
void ffs_capture_log(void);

// Forgets what was said on this thread.
void ffs_forget_words(void);

// The last error or warning said on this thread since ffs_forget_words, or "".
const char *ffs_last_words(void);

// Has the errors counted that a decoder says on any of its threads; before it is opened. With `clears`, what it
// leaves out of a picture is zero; else it is what an earlier picture had there.
void ffs_watch(struct AVCodecContext *codec, int clears);

// Whether a decoder that is watched left parts of a frame out without a word, as that of HEVC does.
int ffs_has_holes(const struct AVCodecContext *codec, const struct AVFrame *frame);

// Errors counted so far. Those of a frame are counted before the decoder gives it.
long ffs_errors(const struct AVCodecContext *codec);

// Frees a decoder that may be watched.
void ffs_free_codec(struct AVCodecContext **codec);

// Numbers a packet, above 0, just before a decoder takes it.
void ffs_number(struct AVCodecContext *codec, struct AVPacket *packet, int64_t number);

// The number of the packet that a frame was in.
int64_t ffs_number_of(const struct AVFrame *frame);

// The rotation matrix of a stream's display side data (9 values), or NULL.
const int32_t *ffs_stream_matrix(const struct AVStream *stream);

// Cuts a frame to a rectangle by moving its pointers; offsets may be odd.
int ffs_crop(struct AVFrame *frame, int left, int top, int right, int bottom);

#endif
