// SPDX-License-Identifier: Apache-2.0
// Model of notify_ring.{h,cpp} and of its reader, UnitRing::next_finished with Driver::drain: the unit writes Trace, Error
// and Notify entries of its requests as long as there is room, then an overflow into the entries kept back; the driver,
// called by an interrupt and as late as it likes, recognises new entries by their phase bit and gives them back when
// it has read them all. Checked over all interleavings by tests/protocol.
//
// Shown: every entry is read once, in order and as it was written, none is overwritten before; every request that began
// ends with one Notify, also the one for which there was no room; no interrupt is lost.
// Each BUG_ macro plants a mistake that the check must find.
#ifndef SIZE
#define SIZE 8 /* entries; a power of two */
#endif
#define RESERVE 2
#ifndef REQUESTS
#define REQUESTS 9 /* enough for two passes over the ring */
#endif
#define TRACE 0
#define ERROR 1
#define NOTIFY 2
#define OVERFLOW 3

typedef Entry { byte type; byte tag; byte phase; byte serial };
Entry ring[SIZE];
byte tail;           /* NotifyRing::tail_ */
byte head;           /* NotifyRing::head_: what the driver acknowledged */
byte consumed;       /* UnitRing::read_ */
bool interrupt;
bool halted, over;
byte begun, ended;   /* requests: by the unit, as the driver knows */

inline put(what, request) {
  atomic {
    assert(tail - consumed < SIZE); /* nothing unread is overwritten */
    ring[tail % SIZE].type = what;
    ring[tail % SIZE].tag = request;
#ifdef BUG_PHASE_NEVER_TOGGLES
    ring[tail % SIZE].phase = 1;
#else
    ring[tail % SIZE].phase = 1 - ((tail / SIZE) & 1);
#endif
    ring[tail % SIZE].serial = tail;
    tail++
  }
}

#ifdef BUG_NOTHING_KEPT_BACK
#define ROOM (tail - head < SIZE)
#else
#define ROOM (tail - head + RESERVE < SIZE)
#endif

inline post(what, request) {
  if
  :: ROOM -> put(what, request)
  :: else ->
     halted = true;
     put(OVERFLOW, request);
     put(NOTIFY, request);
     interrupt = true
  fi
}

proctype Unit() {
  byte request = 0;
  do
  :: !halted && request < REQUESTS ->
     request++;
     begun = request;
     post(TRACE, request);
     if
     :: !halted -> if :: skip :: skip -> post(ERROR, request) fi
     :: halted
     fi;
     if
     :: !halted ->
        post(NOTIFY, request);
        if :: !halted -> interrupt = true :: halted fi
     :: else
     fi
  :: else -> break
  od;
  over = true
}

proctype Driver() {
  byte at;
end:
  do
  :: interrupt ->
#ifndef BUG_INTERRUPT_CLEARED_AFTER_READING
     interrupt = false;
#endif
     do
     :: ring[consumed % SIZE].phase == 1 - ((consumed / SIZE) & 1) ->
        atomic {
          at = consumed % SIZE;
          assert(ring[at].serial == consumed && consumed < tail);
          if
          :: ring[at].type == NOTIFY ->
             ended++;
             assert(ring[at].tag == ended && ended <= begun)
          :: else -> assert(ring[at].tag == ended + 1)
          fi;
          consumed++
        }
     :: else -> break
     od;
#ifdef BUG_INTERRUPT_CLEARED_AFTER_READING
     interrupt = false;
#endif
     head = consumed /* acknowledge() */
  od
}

init {
  atomic { run Unit(); run Driver() };
  timeout;
  assert(over && ended == begun && consumed == tail);
  assert(halted || begun == REQUESTS)
}
