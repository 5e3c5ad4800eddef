/* Timers of a server: lined_after and lined_cancel of lined.h. */
#include "lined.h"
#include "server.h"
#include "timer_thread.h"

#include <stdbool.h>
#include <stdint.h>

lined_timer lined_after(lined_server *server, uint32_t ms,
                        void (*function)(lined_server *server, void *argument), void *argument)
{
    if (ms > INT32_MAX)
        return 0;
    return timer_thread_add(&server->timers, ms, (struct timer_call){function, argument});
}

bool lined_cancel(lined_server *server, lined_timer timer)
{
    return timer_thread_cancel(&server->timers, timer);
}
