// SPDX-License-Identifier: Apache-2.0
// Model of unit_queue.{h,cpp} with driver.cpp and Session::schedule around it: hosts accept requests and ring the door unless
// a doorbell is on its way, the simulation thread takes what is pending, completes it or meets a fatal error, degrades the
// unit and flushes the rest; a test hook pauses the unit meanwhile, and nrt_close closes it. Checked over all interleavings
// by tests/protocol.
//
// Shown: numbers without gaps, completed in order and once; never more than DEPTH open; a host that has seen the
// failure is never accepted again (R61); every accepted request ends and no host waits for ever (R63); when nrt_close has
// seen the end of all that is outstanding, nothing is accepted any more (R4).
// Each BUG_ macro plants a mistake that the check must find.
#ifndef DEPTH
#define DEPTH 2
#endif
#define HOSTS 2
#define REQUESTS 2 /* of each host */

#define LOCK atomic { !locked -> locked = true }
#define UNLOCK locked = false
#ifdef BUG_ACCEPTED_WHILE_CLOSING
#define REFUSES degraded
#else
#define REFUSES (degraded || closed)
#endif

bool locked; /* UnitQueue::mutex_ */
bool degraded, paused, closed;
bool over; /* nrt_close goes on to take the simulation down */
byte issued, completed;
byte failed; /* number of the request that met the fatal error, 0: none */
byte doors;  /* doorbell tasks posted and not yet run */
bool doorbell_sent;
byte hosts_left = HOSTS;
chan pending = [HOSTS * REQUESTS] of { byte };
chan device = [HOSTS * REQUESTS] of { byte };

inline complete(number) {
  atomic {
    assert(number == completed + 1);
    completed = number;
  }
}

inline take_pending(also_paused) {
#ifndef BUG_DOORBELL_FORGOTTEN_AFTER_TAKING
  doorbell_sent = false;
#endif
  LOCK;
  if
  :: !paused || also_paused ->
     do
     :: nempty(pending) -> pending?taken; device!taken
     :: empty(pending) -> break
     od
  :: else
  fi;
  UNLOCK;
#ifdef BUG_DOORBELL_FORGOTTEN_AFTER_TAKING
  doorbell_sent = false
#endif
}

proctype Host() {
  byte left = REQUESTS;
  byte seen;
  bool knows, sent;
  do
  :: left > 0 ->
     atomic { seen = completed; knows = failed != 0 && completed >= failed };
     LOCK;
     if
     :: REFUSES -> UNLOCK; left = 0 /* NRT_EXEC_UNIT_UNRECOVERABLE, NRT_CLOSED */
#ifdef BUG_ROOM_FOR_ONE_MORE
     :: !REFUSES && issued - completed > DEPTH ->
#else
     :: !REFUSES && issued - completed >= DEPTH ->
#endif
        UNLOCK;
        completed != seen || REFUSES /* NRT_QUEUE_FULL: waits for room */
     :: else ->
        atomic {
          assert(!knows && !over);
          issued++;
          assert(issued - completed <= DEPTH);
          pending!issued
        };
        UNLOCK;
#ifdef BUG_DOORBELL_NOT_EXCHANGED
        sent = doorbell_sent;
        doorbell_sent = true;
#else
        atomic { sent = doorbell_sent; doorbell_sent = true };
#endif
        if :: !sent -> doors++ :: sent fi;
        left--
     fi
  :: else -> break
  od;
  hosts_left--
}

proctype Simulation() {
  byte number, taken;
end:
  do
  :: doors > 0 ->
     doors--;
     take_pending(false)
  :: failed == 0 && nempty(device) -> /* after the failure the unit is halted */
     device?number;
     if
     :: complete(number)
     :: skip ->
        failed = number;
#ifdef BUG_FAILURE_SEEN_BEFORE_DEGRADED
        complete(number);
        LOCK; degraded = true; UNLOCK;
#else
        LOCK; degraded = true; UNLOCK;
        complete(number);
#endif
#ifdef BUG_ONLY_WHAT_IS_AT_THE_DEVICE_IS_FLUSHED
        if :: nempty(device) :: empty(device) fi;
#else
        take_pending(true);
#endif
        do
        :: nempty(device) -> device?number; complete(number)
        :: empty(device) -> break
        od
     fi
  od
}

proctype HookAndClose() {
  LOCK; paused = true; UNLOCK;
  LOCK; paused = false; UNLOCK;
#ifndef BUG_RESUMED_WITHOUT_DOORBELL
  doors++;
#endif
  if
  :: atomic { !locked -> closed = true; doors++ }; /* the doorbell: Driver::cancel_queued */
     atomic { !locked && completed == issued -> over = true }
  :: skip /* nobody closes: no doorbell but those of the hosts and the hook */
  fi
}

init {
  atomic { run Host(); run Host(); run Simulation(); run HookAndClose() };
  timeout;
  assert(hosts_left == 0 && over == closed);
  assert(completed == issued)
}
