// SPDX-License-Identifier: Apache-2.0
// Model of how clients learn of completions by file descriptors: registration of an event for one number and for all of a
// unit's, replacement and withdrawal, against completions by the simulation thread. Checked over all interleavings by
// tests/protocol.
//
// Shown: an event that stays registered is signalled once, also when the completion comes while it is registered, and never
// before the number is complete; after a withdrawal or replacement returned nothing is written to the old descriptor;
// the unit's event counts every completion after its registration and none before it (R37 to R41), none after its
// withdrawal. Completion handles take the same path as events for one number, without replacement and withdrawal.
// Each BUG_ macro plants a mistake that the check must find.
#define LAST 3   /* numbers that complete */
#define NUMBER 2 /* the one that is watched */
#define NONE 255
#define EVENTS 2

#define LOCK atomic { !locked -> locked = true }
#define UNLOCK locked = false

bool locked;
byte completed;
byte watching = NONE;         /* which of the client's events waits for NUMBER */
byte signals[EVENTS];
bool closed[EVENTS];          /* withdrawn: the client may have closed it */
bool all_registered;          /* the unit's event */
byte all_after, all_signals, all_before, all_from, all_until = NONE;
bool all_closed;
bool kept;                    /* the client left its event registered */
bool client_over, observer_over;

inline signal(event) {
  atomic {
    assert(completed >= NUMBER);
    assert(!closed[event]);
    signals[event]++
  }
}

inline signal_all() {
  atomic {
    assert(!all_closed);
    all_signals++
  }
}

inline watch(event) {
#ifdef BUG_LOOKS_BEFORE_LOCKING
  late = completed >= NUMBER;
  LOCK;
#else
  LOCK;
  late = completed >= NUMBER;
#endif
  if
  :: late -> watching = NONE; signal(event)
  :: else -> watching = event
  fi;
  UNLOCK
}

proctype Simulation() {
  byte due;
  do
  :: completed < LAST ->
     completed++;
     LOCK;
     due = NONE;
     if
     :: completed >= NUMBER && watching != NONE -> due = watching; watching = NONE
     :: else
     fi;
#ifdef BUG_SIGNALS_AFTER_UNLOCKING
     UNLOCK;
     if :: due != NONE -> signal(due) :: else fi;
     LOCK;
#else
     if :: due != NONE -> signal(due) :: else fi;
#endif
     if
#ifdef BUG_UNIT_EVENT_FORGETS_WHEN_IT_CAME
     :: all_registered -> signal_all()
#else
     :: all_registered && completed > all_after -> signal_all()
#endif
     :: else
     fi;
     UNLOCK
  :: else -> break
  od
}

proctype Client() {
  bool late;
  watch(0);
  if
  :: kept = true
  :: watch(1); /* replaces, unless the number is complete */
     closed[0] = true;
     kept = true
  :: LOCK; watching = NONE; UNLOCK; /* withdraws */
     closed[0] = true
  fi;
  client_over = true
}

proctype Observer() {
  all_before = completed;
  LOCK;
  all_after = completed;
  all_registered = true;
  UNLOCK;
  all_from = completed;
  if
  :: skip
  :: /* withdraws */
#ifdef BUG_UNIT_EVENT_WITHDRAWN_WITHOUT_LOCK
     atomic { all_registered = false; all_until = completed };
#else
     LOCK;
     all_registered = false;
     all_until = completed;
     UNLOCK;
#endif
     all_closed = true
  fi;
  observer_over = true
}

init {
  atomic { run Simulation(); run Client(); run Observer() };
  timeout;
  assert(client_over && observer_over && completed == LAST);
  assert(signals[0] <= 1 && signals[1] <= 1);
  assert(!kept || signals[0] + signals[1] >= 1);
  assert(closed[0] || signals[0] == 1);
  if
  :: all_until == NONE ->
     assert(all_signals >= LAST - all_from && all_signals <= LAST - all_before);
     assert(all_signals == LAST - all_after)
  :: else -> /* the last completion before the withdrawal may have come too late to be signalled */
     assert(all_signals <= all_until - all_after && all_signals + 1 >= all_until - all_after)
  fi
}
