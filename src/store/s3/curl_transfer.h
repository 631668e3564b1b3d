// One HTTP exchange on libcurl's easy interface; the handle is used again for the next one.
//
// Threading: the transport's thread only. Errors: as HttpDone says. Limits: a response is no longer than the request
// allows; bodies of errors end at 64 KiB.
#pragma once

#include <curl/curl.h>

#include <cstdint>
#include <string>

#include "store/s3/http.h"

namespace mts::store::s3 {

struct TransportOptions {
  std::string ca_file;  // empty: the system's
  uint32_t max_connections = 24;
  int64_t connect_timeout_micros = 5'000'000;
};

class CurlTransfer {
 public:
  explicit CurlTransfer(const TransportOptions& options);
  ~CurlTransfer();
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;

  CURL* handle() const { return easy_; }
  // Makes the handle ready to be added to a multi handle.
  void Begin(HttpRequest request, HttpDone done, int64_t now_micros);
  // After libcurl is done with it; calls `done`.
  void Finish(CURLcode result);
  void Abort(absl::Status status);

 private:
  void SetTarget();
  void SetBody();
  void SetTimeouts(int64_t now_micros);
  absl::Status StatusOf(CURLcode result) const;
  size_t TakeHeaderLine(std::string_view line);
  size_t TakeBody(std::string_view bytes);
  void SetLeastRead(uint64_t piece);
  size_t GiveBody(char* to, size_t room);
  bool SeekBody(uint64_t offset);

  static size_t OnHeader(char* data, size_t size, size_t count, void* self);
  static size_t OnBody(char* data, size_t size, size_t count, void* self);
  static size_t OnRead(char* data, size_t size, size_t count, void* self);
  static int OnSeek(void* self, curl_off_t offset, int origin);

  const TransportOptions& options_;
  CURL* const easy_;
  curl_slist* header_list_ = nullptr;
  HttpRequest request_;
  HttpResponse response_;
  HttpDone done_;
  size_t body_piece_ = 0;      // of request_.body
  uint64_t piece_offset_ = 0;  // in that piece
  bool response_too_long_ = false;
  uint64_t announced_bytes_ = 0;
  int least_read_ = 0;
  char error_[CURL_ERROR_SIZE] = {};
};

}  // namespace mts::store::s3
