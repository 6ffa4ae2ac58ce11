// SPDX-License-Identifier: Apache-2.0
// Messages between the collectives cores of an instance: small writes over the fabrics and the
// links between devices, which take bandwidth there and arrive in the order of their arrival times.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <systemc>
#include <vector>

#include "sim/hw/fabric.h"
#include "sim/hw/neuron_link.h"
#include "sim/hw/request.h"

namespace nsim::hw {

struct CcMessage {
  /// Ready: the rank has begun the operation, its buffers may be accessed. Done: it will access
  /// those of others no more.
  enum class Kind : std::uint8_t { Ready, Done };

  Kind kind = Kind::Ready;
  UnitAddress from;
  CollectiveHeader header;                // of the sender
  std::vector<CollectiveBuffer> buffers;  // Ready: the sender's
};

class CcMail : public sc_core::sc_module {
 public:
  using Handler = std::function<void(const CcMessage&)>;

  /// `links`: nullptr when devices are alone; then nothing arrives from another one.
  CcMail(sc_core::sc_module_name name, const FabricParams& fabric, int cores_per_device,
         NeuronLink* links);

  /// `handler` gets what is sent to `unit`, on arrival.
  void attach(UnitAddress unit, Handler handler);
  /// Leaves at `at`, which is now or later.
  void send(SimTime at, UnitAddress to, CcMessage message);

 private:
  using Key = std::uint32_t;
  static Key key(UnitAddress unit) {
    return static_cast<Key>(unit.core) << 16 | static_cast<Key>(unit.type) << 8 | unit.queue;
  }
  void deliver();

  const FabricParams fabric_;
  const int cores_per_device_;
  NeuronLink* const links_;
  std::map<Key, Handler> handlers_;
  struct OnTheWay {
    Key to = 0;
    CcMessage message;
  };
  std::multimap<SimTime, OnTheWay> on_the_way_;
  sc_core::sc_event due_;
};

}  // namespace nsim::hw
