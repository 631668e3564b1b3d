#include "store/s3/curl_transfer.h"

#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/ascii.h"
#include "base/text.h"

namespace mts::store::s3 {
namespace {

constexpr uint64_t kMaxErrorBytes = 64 * 1024;
constexpr long kTransferBufferBytes = 512 * 1024;
constexpr uint64_t kFastPieceBytes = 64 * 1024;

}  // namespace

CurlTransfer::CurlTransfer(const TransportOptions& options) : options_(options), easy_(curl_easy_init()) {}

CurlTransfer::~CurlTransfer() {
  curl_easy_cleanup(easy_);
  curl_slist_free_all(header_list_);
}

void CurlTransfer::Begin(HttpRequest request, HttpDone done, int64_t now_micros) {
  request_ = std::move(request);
  done_ = std::move(done);
  response_ = {};
  body_piece_ = 0;
  piece_offset_ = 0;
  response_too_long_ = false;
  error_[0] = '\0';
  curl_easy_reset(easy_);
  SetTarget();
  SetBody();
  SetTimeouts(now_micros);
}

void CurlTransfer::SetTarget() {
  curl_easy_setopt(easy_, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy_, CURLOPT_URL, request_.url.c_str());
  curl_easy_setopt(easy_, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy_, CURLOPT_USERAGENT, "minitoolstream");
  curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy_, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, error_);
  if (!options_.ca_file.empty()) curl_easy_setopt(easy_, CURLOPT_CAINFO, options_.ca_file.c_str());
  curl_slist_free_all(std::exchange(header_list_, nullptr));
  header_list_ = curl_slist_append(nullptr, "Expect:");
  for (const Header& header : request_.headers) {
    header_list_ = curl_slist_append(header_list_, Concat(header.name, ": ", header.value).c_str());
  }
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, header_list_);
}

void CurlTransfer::SetBody() {
  curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, &CurlTransfer::OnHeader);
  curl_easy_setopt(easy_, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, &CurlTransfer::OnBody);
  curl_easy_setopt(easy_, CURLOPT_WRITEDATA, this);
  if (request_.max_response_bytes > static_cast<uint64_t>(kTransferBufferBytes)) {
    curl_easy_setopt(easy_, CURLOPT_BUFFERSIZE, kTransferBufferBytes);
  }
  if (request_.method == "HEAD") {
    curl_easy_setopt(easy_, CURLOPT_NOBODY, 1L);
  } else if (request_.method == "PUT" || request_.method == "POST") {
    const uint64_t size = SizeOf(request_.body);
    curl_easy_setopt(easy_, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
    curl_easy_setopt(easy_, CURLOPT_READFUNCTION, &CurlTransfer::OnRead);
    curl_easy_setopt(easy_, CURLOPT_READDATA, this);
    curl_easy_setopt(easy_, CURLOPT_SEEKFUNCTION, &CurlTransfer::OnSeek);
    curl_easy_setopt(easy_, CURLOPT_SEEKDATA, this);
    curl_easy_setopt(easy_, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(size));
    if (size > static_cast<uint64_t>(kTransferBufferBytes)) {
      curl_easy_setopt(easy_, CURLOPT_UPLOAD_BUFFERSIZE, kTransferBufferBytes);
    }
  } else if (request_.method != "GET") {
    curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  }
}

void CurlTransfer::SetTimeouts(int64_t now_micros) {
  const int64_t left = std::max<int64_t>(request_.deadline_micros - now_micros, 1000);
  curl_easy_setopt(easy_, CURLOPT_TIMEOUT_MS, static_cast<long>(left / 1000));
  curl_easy_setopt(easy_, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout_micros / 1000));
  if (request_.stall_micros > 0) {
    curl_easy_setopt(easy_, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(easy_, CURLOPT_LOW_SPEED_TIME,
                     static_cast<long>(std::max<int64_t>(request_.stall_micros / 1'000'000, 1)));
  }
}

void CurlTransfer::Finish(CURLcode result) {
  long status = 0;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  response_.status = static_cast<int>(status);
  std::exchange(done_, nullptr)(StatusOf(result), std::move(response_));
}

void CurlTransfer::Abort(absl::Status status) {
  std::exchange(done_, nullptr)(std::move(status), std::move(response_));
}

absl::Status CurlTransfer::StatusOf(CURLcode result) const {
  if (result == CURLE_OK) return absl::OkStatus();
  const std::string text = error_[0] != '\0' ? error_ : curl_easy_strerror(result);
  switch (result) {
    case CURLE_WRITE_ERROR:
      if (response_too_long_) return absl::InternalError("the answer is longer than expected");
      return absl::UnavailableError(text);
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
    case CURLE_BAD_FUNCTION_ARGUMENT:
    case CURLE_OUT_OF_MEMORY:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_PEER_FAILED_VERIFICATION:
      return absl::InternalError(text);
    default:
      return absl::UnavailableError(text);
  }
}

size_t CurlTransfer::TakeHeaderLine(std::string_view line) {
  if (line.starts_with("HTTP/")) {  // a new answer: what came before was 100 Continue
    response_.headers.clear();
    return line.size();
  }
  const size_t colon = line.find(':');
  if (colon == line.npos) return line.size();
  response_.headers.push_back({absl::AsciiStrToLower(ToAbsl(line.substr(0, colon))),
                               std::string(absl::StripAsciiWhitespace(ToAbsl(line.substr(colon + 1))))});
  return line.size();
}

size_t CurlTransfer::TakeBody(std::string_view bytes) {
  if (response_.body.empty()) {
    long status = 0;
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    if (status >= 300) request_.max_response_bytes = kMaxErrorBytes;
    curl_off_t announced = 0;
    curl_easy_getinfo(easy_, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
    announced_bytes_ = announced > 0 && status < 300 ? announced : 0;
    least_read_ = 0;
    if (announced > 0) response_.body.reserve(std::min<uint64_t>(announced, request_.max_response_bytes));
  }
  if (response_.body.size() + bytes.size() > request_.max_response_bytes) {
    response_too_long_ = true;
    return 0;
  }
  response_.body.append(bytes);
  SetLeastRead(bytes.size());
  return bytes.size();
}

// A fast server hands a long body over in small pieces, and to wake up for each costs more than to read it. Not where
// the pieces come slowly, since libcurl would see no progress; only where each byte that comes is the body's: with TLS
// libcurl may hold some of those that are waited for.
void CurlTransfer::SetLeastRead(uint64_t piece) {
  constexpr uint64_t kMost = kTransferBufferBytes;
  if (announced_bytes_ < kMost || !request_.url.starts_with("http://")) return;
  if (piece < kFastPieceBytes && least_read_ <= 1) return;
  const uint64_t rest = announced_bytes_ - std::min<uint64_t>(announced_bytes_, response_.body.size());
  const int least = static_cast<int>(std::clamp<uint64_t>(rest, 1, kMost));
  if (least == least_read_) return;
  curl_socket_t socket = CURL_SOCKET_BAD;
  curl_easy_getinfo(easy_, CURLINFO_ACTIVESOCKET, &socket);
  if (socket == CURL_SOCKET_BAD || ::setsockopt(socket, SOL_SOCKET, SO_RCVLOWAT, &least, sizeof(least)) != 0) return;
  least_read_ = least;
}

size_t CurlTransfer::GiveBody(char* to, size_t room) {
  size_t given = 0;
  while (given < room && body_piece_ < request_.body.size()) {
    const std::string_view rest = request_.body[body_piece_].substr(piece_offset_);
    const size_t count = std::min(rest.size(), room - given);
    std::memcpy(to + given, rest.data(), count);
    given += count;
    piece_offset_ += count;
    if (count == rest.size()) {
      ++body_piece_;
      piece_offset_ = 0;
    }
  }
  return given;
}

bool CurlTransfer::SeekBody(uint64_t offset) {
  body_piece_ = 0;
  while (body_piece_ < request_.body.size() && offset >= request_.body[body_piece_].size()) {
    offset -= request_.body[body_piece_].size();
    ++body_piece_;
  }
  piece_offset_ = offset;
  return body_piece_ < request_.body.size() || offset == 0;
}

size_t CurlTransfer::OnHeader(char* data, size_t size, size_t count, void* self) {
  return static_cast<CurlTransfer*>(self)->TakeHeaderLine({data, size * count});
}

size_t CurlTransfer::OnBody(char* data, size_t size, size_t count, void* self) {
  return static_cast<CurlTransfer*>(self)->TakeBody({data, size * count});
}

size_t CurlTransfer::OnRead(char* data, size_t size, size_t count, void* self) {
  return static_cast<CurlTransfer*>(self)->GiveBody(data, size * count);
}

int CurlTransfer::OnSeek(void* self, curl_off_t offset, int origin) {
  if (origin != SEEK_SET || offset < 0) return CURL_SEEKFUNC_CANTSEEK;
  return static_cast<CurlTransfer*>(self)->SeekBody(static_cast<uint64_t>(offset)) ? CURL_SEEKFUNC_OK
                                                                                   : CURL_SEEKFUNC_FAIL;
}

}  // namespace mts::store::s3
