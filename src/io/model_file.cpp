#include "laot/model_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "json.hpp"
#include "laot/base.hpp"
#include "laot/number_text.hpp"
#include "laot/parallel.hpp"

namespace laot {

namespace {

constexpr std::size_t kLengthBytes = 8;
constexpr std::uint64_t kMaxHeader = 1u << 28;

bool little_endian() {
  const std::uint16_t one = 1;
  unsigned char first;
  std::memcpy(&first, &one, 1);
  return first == 1;
}

// The file is little-endian; on other machines the bytes of each number are turned round.
void turn_to_file_order(char* bytes, std::size_t count, std::size_t width) {
  if (little_endian()) return;
  for (std::size_t i = 0; i < count; ++i, bytes += width) std::reverse(bytes, bytes + width);
}

struct FileCloser {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, FileCloser>;

}  // namespace

std::size_t ModelFile::Tensor::count() const {
  std::size_t product = 1;
  for (const std::size_t axis : shape) product *= axis;
  return product;
}

void ModelFile::add(const std::string& name, Tensor tensor, const void* data) {
  tensor.data = static_cast<const char*>(data);
  tensors_[name] = std::move(tensor);
}

void ModelFile::put(const std::string& name, const arma::mat& matrix) {
  Tensor tensor;
  tensor.shape = {matrix.n_rows, matrix.n_cols};
  tensor.by_columns = true;
  tensor.own = std::make_shared<const std::vector<double>>(matrix.begin(), matrix.end());
  const void* data = tensor.own->data();
  add(name, std::move(tensor), data);
}

void ModelFile::put(const std::string& name, const arma::vec& vector) {
  Tensor tensor;
  tensor.shape = {vector.n_elem};
  tensor.own = std::make_shared<const std::vector<double>>(vector.begin(), vector.end());
  const void* data = tensor.own->data();
  add(name, std::move(tensor), data);
}

void ModelFile::lend(const std::string& name, const arma::mat& matrix) {
  Tensor tensor;
  tensor.shape = {matrix.n_rows, matrix.n_cols};
  tensor.by_columns = true;
  add(name, std::move(tensor), matrix.memptr());
}

void ModelFile::lend(const std::string& name, const arma::vec& vector) {
  Tensor tensor;
  tensor.shape = {vector.n_elem};
  add(name, std::move(tensor), vector.memptr());
}

void ModelFile::lend(const std::string& name, const std::vector<double>& vector) {
  Tensor tensor;
  tensor.shape = {vector.size()};
  add(name, std::move(tensor), vector.data());
}

void ModelFile::lend(const std::string& name, const std::vector<std::int32_t>& vector) {
  Tensor tensor;
  tensor.type = Type::i32;
  tensor.shape = {vector.size()};
  add(name, std::move(tensor), vector.data());
}

void ModelFile::put_text(const std::string& name, const std::string& value) {
  texts_[name] = value;
}

void ModelFile::put_number(const std::string& name, double value) {
  texts_[name] = text_of_number(value, 17);
}

void ModelFile::put_texts(const std::string& name, const std::vector<std::string>& values) {
  std::string out = "[";
  for (std::size_t i = 0; i < values.size(); ++i) out += (i ? "," : "") + json::quoted(values[i]);
  texts_[name] = out + "]";
}

const ModelFile::Tensor& ModelFile::tensor(const std::string& name, Type type,
                                           std::size_t axes) const {
  const auto found = tensors_.find(name);
  require(found != tensors_.end(), Status::bad_format, "the model file has no tensor \"", name,
          "\"");
  require(found->second.type == type && found->second.shape.size() == axes, Status::bad_format,
          "tensor \"", name, "\" of the model file has ", found->second.shape.size(), " axes of ",
          found->second.type == Type::f64 ? "F64" : "I32", ", expected ", axes, " of ",
          type == Type::f64 ? "F64" : "I32");
  return found->second;
}

arma::mat ModelFile::matrix(const std::string& name) const {
  const Tensor& found = tensor(name, Type::f64, 2);
  arma::mat out(found.shape[0], found.shape[1]);
  for (std::size_t c = 0; c < out.n_cols; ++c)
    for (std::size_t r = 0; r < out.n_rows; ++r) {
      const std::size_t place = found.by_columns ? c * out.n_rows + r : r * out.n_cols + c;
      double value;
      std::memcpy(&value, found.data + 8 * place, 8);
      if (found.file_order) turn_to_file_order(reinterpret_cast<char*>(&value), 1, 8);
      out(r, c) = value;
    }
  return out;
}

std::vector<double> ModelFile::numbers(const std::string& name) const {
  const Tensor& found = tensor(name, Type::f64, 1);
  std::vector<double> out(found.count());
  if (!out.empty()) std::memcpy(out.data(), found.data, 8 * out.size());
  if (found.file_order) turn_to_file_order(reinterpret_cast<char*>(out.data()), out.size(), 8);
  return out;
}

arma::vec ModelFile::vector(const std::string& name) const {
  return arma::vec(numbers(name));
}

std::vector<std::int32_t> ModelFile::integers(const std::string& name) const {
  const Tensor& found = tensor(name, Type::i32, 1);
  std::vector<std::int32_t> out(found.count());
  if (!out.empty()) std::memcpy(out.data(), found.data, 4 * out.size());
  if (found.file_order) turn_to_file_order(reinterpret_cast<char*>(out.data()), out.size(), 4);
  return out;
}

const std::string& ModelFile::text_value(const std::string& name) const {
  const auto found = texts_.find(name);
  require(found != texts_.end(), Status::bad_format, "the model file has no entry \"", name, "\"");
  return found->second;
}

double ModelFile::number(const std::string& name) const {
  const std::string& value = text_value(name);
  double number = 0.0;
  require(number_of_text(value, number), Status::bad_format, "entry \"", name,
          "\" of the model file is not a number");
  return number;
}

std::vector<std::string> ModelFile::texts(const std::string& name) const {
  const std::string& value = text_value(name);
  const json::Value list = json::parse(value.data(), value.size());
  require(list.kind == json::Value::Kind::array, Status::bad_format, "entry \"", name,
          "\" of the model file is not a list");
  std::vector<std::string> out;
  for (const json::Value& item : list.items) {
    require(item.kind == json::Value::Kind::text, Status::bad_format, "entry \"", name,
            "\" of the model file holds something that is not a text");
    out.push_back(item.text);
  }
  return out;
}

std::map<std::string, std::string> ModelFile::texts_below(const std::string& prefix) const {
  std::map<std::string, std::string> out;
  for (const auto& [name, value] : texts_)
    if (name.compare(0, prefix.size(), prefix) == 0) out[name.substr(prefix.size())] = value;
  return out;
}

std::vector<std::string> ModelFile::tensor_names() const {
  std::vector<std::string> out;
  for (const auto& [name, ignored] : tensors_) out.push_back(name);
  return out;
}

// Wide numbers first, so that every number is aligned.
std::vector<std::pair<std::string, const ModelFile::Tensor*>> ModelFile::in_file_order() const {
  std::vector<std::pair<std::string, const Tensor*>> out;
  for (const Type type : {Type::f64, Type::i32})
    for (const auto& [name, tensor] : tensors_)
      if (tensor.type == type) out.emplace_back(name, &tensor);
  return out;
}

std::string ModelFile::header() const {
  std::string header = "{\"__metadata__\":{";
  bool first = true;
  for (const auto& [name, value] : texts_) {
    header += (first ? "" : ",") + json::quoted(name) + ":" + json::quoted(value);
    first = false;
  }
  header += "}";
  std::size_t offset = 0;
  for (const auto& [name, tensor] : in_file_order()) {
    header += "," + json::quoted(name) + ":{\"dtype\":\"" +
              (tensor->type == Type::f64 ? "F64" : "I32") + "\",\"shape\":[";
    for (std::size_t a = 0; a < tensor->shape.size(); ++a)
      header += (a ? "," : "") + std::to_string(tensor->shape[a]);
    const std::size_t end = offset + tensor->bytes();
    header += text("],\"data_offsets\":[", offset, ",", end, "]}");
    offset = end;
  }
  header += "}";
  while ((kLengthBytes + header.size()) % 8 != 0) header.push_back(' ');  // numbers aligned
  return header;
}

std::size_t ModelFile::byte_count() const {
  std::size_t count = kLengthBytes + header().size();
  for (const auto& [name, tensor] : tensors_) count += tensor.bytes();
  return count;
}

// The numbers as the file has them, with little memory of its own: a row at a time.
void ModelFile::write_tensor(const Tensor& tensor, const Sink& sink) {
  const std::size_t width = tensor.type == Type::f64 ? 8 : 4;
  const bool is_matrix = tensor.shape.size() == 2;
  const std::size_t rows = is_matrix ? tensor.shape[0] : 1;
  const std::size_t columns = is_matrix ? tensor.shape[1] : tensor.count();
  if (rows == 0 || columns == 0) return;
  if (!tensor.by_columns && (tensor.file_order || little_endian())) {
    sink(tensor.data, tensor.bytes());
    return;
  }
  std::vector<char> row(width * columns);
  for (std::size_t r = 0; r < rows; ++r) {
    if (tensor.by_columns)
      for (std::size_t c = 0; c < columns; ++c)
        std::memcpy(row.data() + width * c, tensor.data + width * (c * rows + r), width);
    else
      std::memcpy(row.data(), tensor.data + r * row.size(), row.size());
    if (!tensor.file_order) turn_to_file_order(row.data(), columns, width);
    sink(row.data(), row.size());
  }
}

void ModelFile::write_to(const Sink& sink) const {
  const std::string head = header();
  std::uint64_t length = head.size();
  char bytes[kLengthBytes];
  for (std::size_t k = 0; k < kLengthBytes; ++k, length >>= 8)
    bytes[k] = static_cast<char>(length & 0xff);
  sink(bytes, kLengthBytes);
  sink(head.data(), head.size());
  for (const auto& entry : in_file_order()) write_tensor(*entry.second, sink);
}

void ModelFile::copy_bytes(char* out) const {
  write_to([&out](const char* bytes, std::size_t count) {
    std::memcpy(out, bytes, count);
    out += count;
  });
}

std::string ModelFile::bytes() const {
  std::string out(byte_count(), '\0');
  copy_bytes(&out[0]);
  return out;
}

ModelFile ModelFile::parse(const char* bytes, std::size_t size) {
  require(size >= kLengthBytes, Status::bad_format, "the model file has ", size,
          " bytes; it is not a safetensors file");
  std::uint64_t length = 0;
  for (std::size_t k = kLengthBytes; k-- > 0;)
    length = (length << 8) | static_cast<unsigned char>(bytes[k]);
  require(length <= kMaxHeader && length <= size - kLengthBytes, Status::bad_format,
          "the model file says that its header has ", length, " bytes, but only ",
          size - kLengthBytes, " follow; it is cut off or not a safetensors file");
  const json::Value header = json::parse(bytes + kLengthBytes, static_cast<std::size_t>(length));
  require(header.kind == json::Value::Kind::object, Status::bad_format,
          "the header of the model file is not an object");
  const char* data = bytes + kLengthBytes + length;
  const std::uint64_t data_size = size - kLengthBytes - length;

  ModelFile out;
  std::uint64_t covered = 0;
  for (const auto& [name, entry] : header.members) {
    require(entry.kind == json::Value::Kind::object, Status::bad_format, "entry \"", name,
            "\" of the model file is not an object");
    if (name == "__metadata__") {
      for (const auto& [key, value] : entry.members) {
        require(value.kind == json::Value::Kind::text, Status::bad_format, "entry \"", key,
                "\" of the model file is not a text");
        out.texts_[key] = value.text;
      }
      continue;
    }
    const json::Value* type = entry.member("dtype");
    const json::Value* shape = entry.member("shape");
    const json::Value* place = entry.member("data_offsets");
    require(type && (type->text == "F64" || type->text == "I32") && shape &&
                shape->kind == json::Value::Kind::array && place &&
                place->kind == json::Value::Kind::array && place->items.size() == 2,
            Status::bad_format, "tensor \"", name,
            "\" of the model file needs dtype F64 or I32, a shape and two data_offsets");
    Tensor tensor;
    tensor.type = type->text == "F64" ? Type::f64 : Type::i32;
    tensor.file_order = true;
    const std::uint64_t width = tensor.type == Type::f64 ? 8 : 4;
    std::uint64_t count = 1;
    for (const json::Value& axis : shape->items) {
      require(axis.kind == json::Value::Kind::number &&
                  (axis.number == 0 || count <= data_size / axis.number),
              Status::bad_format, "tensor \"", name, "\" of the model file has a shape that its ",
              data_size, " bytes cannot hold");
      count *= axis.number;
      tensor.shape.push_back(static_cast<std::size_t>(axis.number));
    }
    const std::uint64_t first = place->items[0].number, last = place->items[1].number;
    require(place->items[0].kind == json::Value::Kind::number &&
                place->items[1].kind == json::Value::Kind::number && first <= last &&
                last <= data_size && last - first == width * count,
            Status::bad_format, "tensor \"", name, "\" of the model file stands at bytes ", first,
            "..", last, ", which does not fit its shape or the file");
    covered += last - first;
    out.add(name, std::move(tensor), data + first);
  }
  require(covered == data_size, Status::bad_format, "the tensors of the model file cover ", covered,
          " of its ", data_size, " bytes");
  return out;
}

void ModelFile::write(const std::string& path) const {
  const std::string temporary = path + ".part";
  File file(std::fopen(temporary.c_str(), "wb"));
  require(file != nullptr, Status::io_error, "cannot write \"", path, "\": ", std::strerror(errno));
  bool written = true;
  write_to([&](const char* bytes, std::size_t count) {
    written = written && std::fwrite(bytes, 1, count, file.get()) == count;
  });
  written = written && std::fflush(file.get()) == 0;
  const int cause = errno;
  file.reset();
  if (written && std::rename(temporary.c_str(), path.c_str()) == 0) return;
  const std::string reason = std::strerror(written ? errno : cause);
  std::remove(temporary.c_str());
  fail(Status::io_error, "cannot write \"", path, "\": ", reason);
}

ModelFile ModelFile::read(const std::string& path) {
  File file(std::fopen(path.c_str(), "rb"));
  require(file != nullptr, Status::io_error, "cannot read \"", path, "\": ", std::strerror(errno));
  auto content = std::make_shared<std::string>();
  char buffer[1 << 16];
  for (;;) {
    const std::size_t got = std::fread(buffer, 1, sizeof buffer, file.get());
    content->append(buffer, got);
    if (got < sizeof buffer) break;
  }
  require(std::ferror(file.get()) == 0, Status::io_error, "cannot read \"", path, "\"");
  try {
    ModelFile out = parse(content->data(), content->size());
    out.content_ = std::move(content);
    return out;
  } catch (const Error& error) {
    fail(error.status(), "\"", path, "\": ", error.what());
  }
}

}  // namespace laot
