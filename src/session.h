/*
 * A session: one connection served from its first line to its end by a detached thread.
 */
#ifndef SESSION_H
#define SESSION_H

#include "lined.h"
#include "net.h"

/* Serves the client on fd, which admission_enter has let in. LINED_OK: takes fd over, and will say
 * admission_leave and admission_forget. Else nothing has changed: LINED_STOPPING when the server
 * takes nobody any more; -errno when there is no memory or no thread (pthread_create(3)). */
int session_start(lined_server *server, int fd, const union net_address *peer);

#endif
