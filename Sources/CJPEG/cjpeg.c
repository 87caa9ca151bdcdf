#include "cjpeg.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

typedef struct {
  struct jpeg_error_mgr base;
  jmp_buf escape;
  char *message;
} error_manager;

static void leave(j_common_ptr info) {
  error_manager *manager = (error_manager *)info->err;
  char text[JMSG_LENGTH_MAX];
  manager->base.format_message(info, text);
  snprintf(manager->message, 200, "%s", text);
  longjmp(manager->escape, 1);
}

static void remember(j_common_ptr info, int level) {
  if (level >= 0) return;
  error_manager *manager = (error_manager *)info->err;
  char text[JMSG_LENGTH_MAX];
  manager->base.format_message(info, text);
  snprintf(manager->message, 200, "%s", text);
  manager->base.num_warnings++;
}

static void install(error_manager *manager, char *message) {
  jpeg_std_error(&manager->base);
  manager->base.error_exit = leave;
  manager->base.emit_message = remember;
  manager->message = message;
  message[0] = 0;
}

// Adobe's CMYK is stored inverted; without its marker, as printed.
static void cmyk_to_rgb(const uint8_t *from, uint8_t *to, int width, int inverted) {
  for (int x = 0; x < width; x++, from += 4, to += 3)
    for (int c = 0; c < 3; c++) {
      int ink = inverted ? from[c] : 255 - from[c];
      int black = inverted ? from[3] : 255 - from[3];
      to[c] = (uint8_t)((ink * black + 127) / 255);
    }
}

static void keep_exif(struct jpeg_decompress_struct *info, cjpeg_image *image) {
  for (jpeg_saved_marker_ptr marker = info->marker_list; marker; marker = marker->next) {
    if (marker->marker != JPEG_APP0 + 1 || marker->data_length < 6 ||
        memcmp(marker->data, "Exif\0\0", 6))
      continue;
    image->exif_size = marker->data_length - 6;
    image->exif = malloc(image->exif_size ? image->exif_size : 1);
    if (image->exif) memcpy(image->exif, marker->data + 6, image->exif_size);
    return;
  }
}

int cjpeg_decode(const uint8_t *bytes, size_t size, int64_t pixel_limit, cjpeg_image *image) {
  struct jpeg_decompress_struct info;
  error_manager manager;
  uint8_t *volatile row = NULL;
  memset(image, 0, sizeof *image);
  install(&manager, image->message);
  info.err = &manager.base;
  if (setjmp(manager.escape)) {
    jpeg_destroy_decompress(&info);
    free(row);
    cjpeg_free(image->pixels);
    cjpeg_free(image->exif);
    image->pixels = image->exif = NULL;
    return -1;
  }
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, bytes, size);
  jpeg_save_markers(&info, JPEG_APP0 + 1, 0xffff);
  jpeg_read_header(&info, TRUE);
  if ((int64_t)info.image_width * info.image_height > pixel_limit) {
    snprintf(image->message, sizeof image->message, "%u × %u pixels are too many",
             info.image_width, info.image_height);
    longjmp(manager.escape, 1);
  }
  int cmyk = info.jpeg_color_space == JCS_CMYK || info.jpeg_color_space == JCS_YCCK;
  int inverted = info.saw_Adobe_marker;
  if (cmyk) info.out_color_space = JCS_CMYK;
  else if (info.num_components == 1) info.out_color_space = JCS_GRAYSCALE;
  else info.out_color_space = JCS_RGB;
  keep_exif(&info, image);
  jpeg_start_decompress(&info);
  image->width = info.output_width;
  image->height = info.output_height;
  image->channels = info.out_color_space == JCS_GRAYSCALE ? 1 : 3;
  size_t stride = (size_t)image->width * image->channels;
  image->pixels = malloc(stride * image->height);
  row = malloc((size_t)image->width * 4);
  if (!image->pixels || !row) {
    snprintf(image->message, sizeof image->message, "out of memory");
    longjmp(manager.escape, 1);
  }
  while (info.output_scanline < info.output_height) {
    uint8_t *to = image->pixels + stride * info.output_scanline;
    JSAMPROW target = cmyk ? row : to;
    if (jpeg_read_scanlines(&info, &target, 1) == 1 && cmyk)
      cmyk_to_rgb(row, to, image->width, inverted);
  }
  jpeg_finish_decompress(&info);
  image->warnings = (int)manager.base.num_warnings;
  jpeg_destroy_decompress(&info);
  free(row);
  return 0;
}

int cjpeg_encode(const uint8_t *pixels, int width, int height, int channels, int quality,
                 uint8_t **bytes, size_t *size, char message[200]) {
  struct jpeg_compress_struct info;
  error_manager manager;
  unsigned char *buffer = NULL;
  unsigned long length = 0;
  install(&manager, message);
  info.err = &manager.base;
  if (setjmp(manager.escape)) {
    jpeg_destroy_compress(&info);
    free(buffer);
    return -1;
  }
  jpeg_create_compress(&info);
  jpeg_mem_dest(&info, &buffer, &length);
  info.image_width = width;
  info.image_height = height;
  info.input_components = channels;
  info.in_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, quality, TRUE);
  jpeg_start_compress(&info, TRUE);
  while (info.next_scanline < info.image_height) {
    JSAMPROW row = (JSAMPROW)(pixels + (size_t)info.next_scanline * width * channels);
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  *bytes = buffer;
  *size = length;
  return 0;
}

void cjpeg_free(void *pointer) { free(pointer); }
