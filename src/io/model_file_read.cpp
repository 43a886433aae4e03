// A model file read without trust: lengths, offsets, shapes and types are checked against what is
// there before they are used, and the numbers are read last.
#include <algorithm>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "json.hpp"
#include "laot/base.hpp"
#include "laot/file_access.hpp"
#include "laot/model_file.hpp"
#include "laot/parallel.hpp"
#include "model_file_layout.hpp"

namespace laot {

namespace {

// Of a pipe nobody knows how many bytes will come.
constexpr std::uint64_t kUnknown = std::numeric_limits<std::uint64_t>::max();
constexpr std::size_t kFirstBytes = 4096;

std::uint64_t header_length(const char* bytes, std::uint64_t size) {
  require(size >= kLengthBytes, Status::bad_format, "the model file has ", size,
          " bytes; it is not a safetensors file");
  std::uint64_t length = 0;
  for (std::size_t k = kLengthBytes; k-- > 0;)
    length = (length << 8) | static_cast<unsigned char>(bytes[k]);
  require(length <= kMostHeader && length <= size - kLengthBytes, Status::bad_format,
          "the model file says that its header has ", length, " bytes, but only ",
          std::min(size - kLengthBytes, kMostHeader),
          " can follow; it is cut off or not a safetensors file");
  return length;
}

// Bytes that cannot be a header are not read to their end.
void require_object(std::string_view header) {
  const std::size_t first = header.find_first_not_of(" \t\r\n");
  require(first == std::string_view::npos || header[first] == '{', Status::bad_format,
          "the header of the model file is not an object; it is not a safetensors file");
}

std::uint64_t whole_number(const json::Value& value, const std::string& name) {
  require(value.kind == json::Value::Kind::number, Status::bad_format, "tensor \"", name,
          "\" of the model file has a shape or offsets that are no whole numbers");
  return value.number;
}

constexpr std::size_t kMostBesideNone = std::size_t{1} << 31;

std::vector<std::size_t> shape_of(const json::Value& shape, const std::string& name,
                                  std::uint64_t width, std::uint64_t available) {
  std::vector<std::size_t> out;
  std::uint64_t count = 1;
  for (const json::Value& item : shape.items) {
    const std::uint64_t axis = whole_number(item, name);
    require(axis == 0 || count <= available / width / axis, Status::bad_format, "tensor \"", name,
            "\" of the model file has a shape that its ", available, " bytes cannot hold");
    count *= axis;
    out.push_back(static_cast<std::size_t>(axis));
  }
  // Beside an axis of 0 another can be anything, and no model has so many of anything.
  for (const std::size_t axis : out)
    require(count > 0 || axis <= kMostBesideNone, Status::bad_format, "tensor \"", name,
            "\" of the model file is empty, and has an axis of ", axis);
  return out;
}

// The tensors stand one behind the other: no byte is left out, none is used twice.
std::uint64_t tiled_size(std::vector<std::pair<std::uint64_t, std::uint64_t>> places) {
  std::sort(places.begin(), places.end());
  std::uint64_t end = 0;
  for (const auto& [first, last] : places) {
    require(first == end, Status::bad_format, "the tensors of the model file ",
            first < end ? "overlap at byte " : "leave a gap before byte ", first,
            " of its numbers");
    end = last;
  }
  return end;
}

std::string read_part(InputFile& file, std::uint64_t count, const char* what) {
  constexpr std::uint64_t kStep = std::uint64_t{1} << 24;  // memory grows as bytes come
  std::string out;
  while (out.size() < count) {
    const std::size_t at = out.size();
    const std::size_t step = static_cast<std::size_t>(std::min(count - at, kStep));
    if (at == 0 && file.has_size()) out.reserve(static_cast<std::size_t>(count));
    out.resize(at + step);
    const std::size_t got = file.read(&out[at], step);
    require(got == step, Status::bad_format, "the model file ends within its ", what);
  }
  return out;
}

}  // namespace

void ModelFile::add_texts(json::Value& metadata) {
  require(metadata.kind == json::Value::Kind::object, Status::bad_format,
          "entry \"__metadata__\" of the model file is not an object");
  for (auto& [key, value] : metadata.members) {
    require(value.kind == json::Value::Kind::text, Status::bad_format, "entry \"", key,
            "\" of the model file is not a text");
    require_one_line(key, "__metadata__");
    texts_[key] = std::move(value.text);
  }
}

ModelFile::Tensor ModelFile::described(const std::string& name, const json::Value& entry,
                                       std::uint64_t available) {
  const json::Value* type = entry.member("dtype");
  const json::Value* shape = entry.member("shape");
  const json::Value* place = entry.member("data_offsets");
  require(entry.kind == json::Value::Kind::object && type &&
              (type->text == "F64" || type->text == "I32") && shape &&
              shape->kind == json::Value::Kind::array && place &&
              place->kind == json::Value::Kind::array && place->items.size() == 2,
          Status::bad_format, "tensor \"", name,
          "\" of the model file needs dtype F64 or I32, a shape and two data_offsets");
  Tensor tensor;
  tensor.type = type->text == "F64" ? Type::f64 : Type::i32;
  tensor.file_order = true;
  const std::uint64_t width = tensor.type == Type::f64 ? 8 : 4;
  tensor.shape = shape_of(*shape, name, width, available);
  const std::uint64_t first = whole_number(place->items[0], name);
  const std::uint64_t last = whole_number(place->items[1], name);
  require(first <= last && last <= available && last - first == tensor.bytes(), Status::bad_format,
          "tensor \"", name, "\" of the model file stands at bytes ", first, "..", last,
          ", which does not fit its shape or the file");
  tensor.offset = static_cast<std::size_t>(first);
  return tensor;
}

ModelFile ModelFile::of_header(std::string_view header, std::uint64_t available) {
  require_object(header);
  json::Value entries = json::parse(header);
  require(entries.kind == json::Value::Kind::object, Status::bad_format,
          "the header of the model file is not an object");
  ModelFile out;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> places;
  for (auto& [name, entry] : entries.members) {
    if (name == "__metadata__") {
      out.add_texts(entry);
      continue;
    }
    require_one_line(name, "the tensors");
    Tensor tensor = described(name, entry, available);
    places.emplace_back(tensor.offset, tensor.offset + tensor.bytes());
    out.tensors_[name] = std::move(tensor);
  }
  out.data_size_ = tiled_size(std::move(places));
  require(out.data_size_ == available || available == kUnknown, Status::bad_format,
          "the tensors of the model file cover ", out.data_size_, " of its ", available, " bytes");
  return out;
}

void ModelFile::point_to(const char* data) {
  for (auto& entry : tensors_) entry.second.data = data + entry.second.offset;
}

ModelFile ModelFile::parse(const char* bytes, std::size_t size) {
  const std::size_t length = static_cast<std::size_t>(header_length(bytes, size));
  ModelFile out = of_header({bytes + kLengthBytes, length}, size - kLengthBytes - length);
  out.point_to(bytes + kLengthBytes + length);
  return out;
}

ModelFile ModelFile::parse(InputFile& file, const std::function<void(const ModelFile&)>& accept) {
  const std::uint64_t size = file.has_size() ? file.size() : kUnknown;
  char first[kLengthBytes];
  const std::size_t got = file.read(first, kLengthBytes);
  const std::uint64_t length = header_length(first, got < kLengthBytes ? got : size);
  std::string header = read_part(file, std::min<std::uint64_t>(length, kFirstBytes), "header");
  require_object(header);
  header += read_part(file, length - header.size(), "header");
  ModelFile out = of_header(header, size == kUnknown ? kUnknown : size - kLengthBytes - length);
  if (accept) accept(out);
  require_memory(static_cast<double>(out.data_size_), "the numbers of the model file");
  out.content_ = std::make_shared<const std::string>(read_part(file, out.data_size_, "numbers"));
  char more;
  require(file.read(&more, 1) == 0, Status::bad_format, "more bytes follow the ", out.data_size_,
          " that the tensors of the model file cover");
  out.point_to(out.content_->data());
  return out;
}

ModelFile ModelFile::read(const std::string& path,
                          const std::function<void(const ModelFile&)>& accept) {
  InputFile file(path);
  try {
    return parse(file, accept);
  } catch (const Error& error) {
    if (error.status() == Status::io_error) throw;
    fail(error.status(), "\"", path, "\": ", error);
  }
}

}  // namespace laot
