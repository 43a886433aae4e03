// Which run a file belongs to that one call leaves for the next: method, parameters, seed and
// cells.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "laot/models.hpp"

namespace laot {

/// Of the values as the caller has them, because components of them may differ in the last bits
/// from one machine to the next; FNV-1a, a word at a time.
std::string fingerprint(const Cells& cells, const std::vector<std::uint32_t>& levels);

class RunIdentity {
 public:
  /// `kind` names the format of the file, `what` what it holds, in sentences.
  RunIdentity(const char* kind, const char* what, const Params& params, const Context& context);

  void add(const std::string& key, const std::string& value) { texts_.put_text(key, value); }
  /// The texts that the file begins with.
  const ModelFile& texts() const { return texts_; }

  /// The file at `path`, if it is of this run; parameters of which `may_change` is true may differ.
  /// Throws invalid_argument, naming what differs, and bad_format where the file is damaged.
  ModelFile read(const std::string& path,
                 const std::function<bool(const std::string& parameter)>& may_change) const;

 private:
  std::string kind_, what_;
  ModelFile texts_;
};

}  // namespace laot
