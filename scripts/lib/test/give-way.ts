/** Loaded first into what only computes, so that servers and what waits for them have the processors when they need them. */
import { setPriority } from 'node:os'

// A third of the time of a process that does not give way, as Linux shares it; at 19 it would be none for minutes.
setPriority(5)
