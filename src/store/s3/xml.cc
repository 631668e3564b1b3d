#include "store/s3/xml.h"

#include <pugixml.hpp>

#include "absl/strings/escaping.h"
#include "absl/time/time.h"
#include "base/text.h"

namespace mts::store::s3 {
namespace {

bool Load(std::string_view xml, pugi::xml_document& document) {
  return static_cast<bool>(document.load_buffer(xml.data(), xml.size(), pugi::parse_default, pugi::encoding_utf8));
}

absl::Status Unexpected(std::string_view what) { return absl::InternalError(Concat("S3 answered with no ", what)); }

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string UrlDecode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      decoded.push_back(' ');
    } else if (text[i] == '%' && i + 2 < text.size() && HexValue(text[i + 1]) >= 0 && HexValue(text[i + 2]) >= 0) {
      decoded.push_back(static_cast<char>(HexValue(text[i + 1]) * 16 + HexValue(text[i + 2])));
      i += 2;
    } else {
      decoded.push_back(text[i]);
    }
  }
  return decoded;
}

Timestamp ParseTime(const char* text) {
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, text, &time, &error)) return Timestamp(0);
  return Timestamp(absl::ToUnixMicros(time));
}

struct StringWriter : pugi::xml_writer {
  std::string text;
  void write(const void* data, size_t size) override { text.append(static_cast<const char*>(data), size); }
};

std::string Text(const pugi::xml_document& document) {
  StringWriter writer;
  document.save(writer, "", pugi::format_raw | pugi::format_no_declaration, pugi::encoding_utf8);
  return std::move(writer.text);
}

void AppendText(pugi::xml_node parent, const char* name, const std::string& text) {
  parent.append_child(name).text().set(text.c_str());
}

pugi::xml_node AppendRoot(pugi::xml_document& document, const char* name) {
  pugi::xml_node root = document.append_child(name);
  root.append_attribute("xmlns") = "http://s3.amazonaws.com/doc/2006-03-01/";
  return root;
}

}  // namespace

ErrorBody ParseError(std::string_view xml) {
  pugi::xml_document document;
  if (xml.empty() || !Load(xml, document)) return {};
  const pugi::xml_node error = document.child("Error");
  return {error.child_value("Code"), error.child_value("Message")};
}

absl::StatusOr<ListPage> ParseList(std::string_view xml) {
  pugi::xml_document document;
  if (!Load(xml, document)) return Unexpected("list");
  const pugi::xml_node root = document.child("ListBucketResult");
  if (!root) return Unexpected("list");
  const bool encoded = std::string_view(root.child_value("EncodingType")) == "url";
  ListPage page;
  for (const pugi::xml_node contents : root.children("Contents")) {
    ListedObject object;
    object.key = encoded ? UrlDecode(contents.child_value("Key")) : contents.child_value("Key");
    object.size = contents.child("Size").text().as_ullong();
    object.modified = ParseTime(contents.child_value("LastModified"));
    page.objects.push_back(std::move(object));
  }
  if (std::string_view(root.child_value("IsTruncated")) == "true") {
    page.next_token = root.child_value("NextContinuationToken");
    if (page.next_token.empty()) return Unexpected("token of the next page of a list");
  }
  return page;
}

absl::StatusOr<std::string> ParseUploadId(std::string_view xml) {
  pugi::xml_document document;
  if (!Load(xml, document)) return Unexpected("upload id");
  std::string id = document.child("InitiateMultipartUploadResult").child_value("UploadId");
  if (id.empty()) return Unexpected("upload id");
  return id;
}

absl::StatusOr<std::vector<ErrorBody>> ParseDeleteResult(std::string_view xml) {
  pugi::xml_document document;
  if (!Load(xml, document)) return Unexpected("result of a delete");
  const pugi::xml_node root = document.child("DeleteResult");
  if (!root) return Unexpected("result of a delete");
  std::vector<ErrorBody> errors;
  for (const pugi::xml_node error : root.children("Error")) {
    ErrorBody body{error.child_value("Code"), error.child_value("Message")};
    if (body.code != "NoSuchKey" && body.code != "NoSuchVersion") errors.push_back(std::move(body));
  }
  return errors;
}

std::string DeleteBody(const std::vector<std::string>& keys) {
  pugi::xml_document document;
  pugi::xml_node root = AppendRoot(document, "Delete");
  AppendText(root, "Quiet", "true");
  for (const std::string& key : keys) AppendText(root.append_child("Object"), "Key", key);
  return Text(document);
}

std::string CompleteBody(const std::vector<UploadedPart>& parts) {
  pugi::xml_document document;
  pugi::xml_node root = AppendRoot(document, "CompleteMultipartUpload");
  for (const UploadedPart& part : parts) {
    pugi::xml_node node = root.append_child("Part");
    AppendText(node, "PartNumber", absl::StrCat(part.number));
    AppendText(node, "ETag", part.etag);
    AppendText(node, "ChecksumCRC32C", Crc32cText(part.crc32c));
  }
  return Text(document);
}

std::string CreateBucketBody(std::string_view region) {
  if (region == "us-east-1") return {};
  pugi::xml_document document;
  AppendText(AppendRoot(document, "CreateBucketConfiguration"), "LocationConstraint", std::string(region));
  return Text(document);
}

std::string Crc32cText(uint32_t crc32c) {
  const char bytes[4] = {static_cast<char>(crc32c >> 24), static_cast<char>(crc32c >> 16),
                         static_cast<char>(crc32c >> 8), static_cast<char>(crc32c)};
  return absl::Base64Escape(absl::string_view(bytes, sizeof(bytes)));
}

}  // namespace mts::store::s3
