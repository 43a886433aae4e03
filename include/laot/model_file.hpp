// Named tensors and texts in one safetensors file: eight bytes of header length, a JSON header with
// type, shape and place of every tensor, then the numbers, little-endian and row-major.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "laot/armadillo.hpp"

namespace laot {

class InputFile;
namespace json {
struct Value;
}

/// The file of a model, in memory. Doubles (F64), and lists of 32-bit integers (I32). A
/// matrix [rows, cols] stands row by row, so that an independent reader sees the same axes as the
/// documentation; a vector has one axis.
class ModelFile {
 public:
  /// Copies.
  void put(const std::string& name, const arma::mat& matrix);
  void put(const std::string& name, const arma::vec& vector);
  /// Without a copy: what is lent must outlive the file and its copies, unchanged.
  void lend(const std::string& name, const arma::mat& matrix);
  void lend(const std::string& name, const arma::vec& vector);
  void lend(const std::string& name, const std::vector<double>& vector);
  void lend(const std::string& name, const std::vector<std::int32_t>& vector);
  void put_text(const std::string& name, const std::string& value);
  void put_number(const std::string& name, double value);
  void put_texts(const std::string& name, const std::vector<std::string>& values);

  /// All of another file, with `prefix` before every name; shares its memory and what it was lent.
  void adopt(const std::string& prefix, const ModelFile& part);
  /// The other way: what has the prefix, without it.
  ModelFile below(const std::string& prefix) const;

  bool has(const std::string& name) const { return tensors_.count(name) > 0; }
  bool has_text(const std::string& name) const { return texts_.count(name) > 0; }
  arma::mat matrix(const std::string& name) const;
  /// Its rows and columns alone.
  std::pair<std::size_t, std::size_t> matrix_size(const std::string& name) const;
  arma::vec vector(const std::string& name) const;
  std::vector<double> numbers(const std::string& name) const;
  std::vector<std::int32_t> integers(const std::string& name) const;
  const std::string& text_value(const std::string& name) const;
  double number(const std::string& name) const;
  /// A number that fits in single precision too. Throws bad_format for others.
  double usable_number(const std::string& name) const;
  /// A whole number from `least` to `most`. Throws bad_format for others.
  std::size_t count(const std::string& name, std::size_t least, std::size_t most) const;
  std::vector<std::string> texts(const std::string& name) const;
  /// Texts that name other entries, each once: a name again would be read again.
  std::vector<std::string> names(const std::string& name) const;
  /// Every text whose name begins with `prefix`, without it.
  std::map<std::string, std::string> texts_below(const std::string& prefix) const;
  std::vector<std::string> tensor_names() const;

  std::string bytes() const;
  /// The same into the caller's memory of byte_count() bytes.
  std::size_t byte_count() const;
  void copy_bytes(char* out) const;
  /// Trusts nothing: lengths, offsets, shapes and types are checked before they are used, in time
  /// and memory proportional to the header. Throws bad_format with what is wrong. The file reads
  /// its tensors from `bytes`, which must outlive it.
  static ModelFile parse(const char* bytes, std::size_t size);

  /// Replaces what stands at `path` at once or not at all (see Replacement). Throws io_error.
  void write(const std::string& path) const;
  /// The same checks as parse, before the numbers are read: a header that does not fit the size of
  /// the file is refused at once, however large the file is. So is one whose texts `accept` (may be
  /// empty) throws at; they are there then, and no number yet.
  static ModelFile read(const std::string& path,
                        const std::function<void(const ModelFile&)>& accept = {});

 private:
  enum class Type { f64, i32 };
  struct Tensor {
    Type type = Type::f64;
    std::vector<std::size_t> shape;
    bool by_columns = false;  // a matrix in memory column by column, to be written row by row
    bool file_order = false;  // bytes of a file: little-endian
    std::shared_ptr<const std::vector<double>> own;  // what `data` points to, where it was copied
    const char* data = nullptr;
    std::size_t offset = 0;  // of a file that is read: where the numbers stand behind the header

    std::size_t count() const;
    std::size_t bytes() const { return count() * (type == Type::f64 ? 8 : 4); }
  };
  using Sink = std::function<void(const char* bytes, std::size_t count)>;
  static void write_tensor(const Tensor& tensor, const Sink& sink);
  void write_to(const Sink& sink) const;
  void add(const std::string& name, Tensor tensor, const void* data);
  const Tensor& tensor(const std::string& name, Type type, std::size_t axes) const;
  std::vector<std::pair<std::string, const Tensor*>> in_file_order() const;
  std::string header() const;
  /// Texts and tensors whose numbers are still to come, in at most `available` bytes.
  static ModelFile of_header(std::string_view header, std::uint64_t available);
  static ModelFile parse(InputFile& file, const std::function<void(const ModelFile&)>& accept);
  static Tensor described(const std::string& name, const json::Value& entry,
                          std::uint64_t available);
  void add_texts(json::Value& metadata);
  void point_to(const char* data);

  std::map<std::string, Tensor> tensors_;
  std::map<std::string, std::string> texts_;
  std::shared_ptr<const std::string> content_;  // the numbers of a file that was read
  std::uint64_t data_size_ = 0;                 // of them, in bytes
};

}  // namespace laot
