// SPDX-License-Identifier: Apache-2.0
#include "runtime/border.h"

#include <fmt/format.h>

#include <cstdlib>
#include <system_error>

#include "runtime/status.h"
#include "sim/base/error.h"
#include "sim/base/log.h"

namespace nsim::rt {
namespace {

void log_failure(const char* function, const std::string& text) {
  if (log::enabled(log::Component::Nrt, log::Level::Error)) {
    log::write(log::Component::Nrt, log::Level::Error, function, text);
  }
}

}  // namespace

NRT_STATUS status_of_exception(const char* function) noexcept {
  NRT_STATUS status = NRT_FAILURE;
  std::string message;
  try {
    throw;
  } catch (const StatusError& error) {
    status = error.status();
    message = error.what();
  } catch (const UserError& error) {
    status = NRT_INVALID;
    message = error.what();
  } catch (const std::bad_alloc&) {
    status = NRT_RESOURCE;
    message = "out of host memory";
  } catch (const InternalError& error) {
    log_failure(function, fmt::format("{}: internal error: {}", function, error.what()));
    std::abort();
  } catch (const std::system_error& error) {  // threads, address space
    const bool exhausted = error.code() == std::errc::resource_unavailable_try_again ||
                           error.code() == std::errc::not_enough_memory;
    status = exhausted ? NRT_RESOURCE : NRT_FAILURE;
    message = error.what();
  } catch (const std::exception& error) {
    message = error.what();
  }
  log_failure(function, fmt::format("{} failed with {}({}): {}", function, status_name(status),
                                    static_cast<int>(status), message));
  return status;
}

void require_pointer(const void* pointer, const char* name) {
  if (pointer == nullptr) {
    throw StatusError(NRT_INVALID, std::string(name) + " is NULL");
  }
}

void require_buffer(const void* buffer, std::uint64_t size) {
  if (size != 0) {
    require_pointer(buffer, "buf");
  }
}

void give_names(const std::vector<const char*>& names, const char* what, const char*** list,
                std::size_t* count) {
  require_pointer(list, what);
  require_pointer(count, "count");
  auto** copy = static_cast<const char**>(
      std::calloc(std::max<std::size_t>(names.size(), 1), sizeof(const char*)));
  if (copy == nullptr) {
    throw std::bad_alloc();
  }
  std::copy(names.begin(), names.end(), copy);
  *list = copy;
  *count = names.size();
}

}  // namespace nsim::rt
