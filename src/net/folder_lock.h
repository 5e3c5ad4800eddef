/*
 * A lock between the servers that make a socket file in the same folder: flock(2) on the folder
 * itself, so no file is left. The kernel releases it when its holder ends.
 */
#ifndef FOLDER_LOCK_H
#define FOLDER_LOCK_H

/* Locks the folder of the path, which is absolute and at most 107 bytes long. Waits for at most one
 * second, because a holder may be another program that keeps it: systemd-tmpfiles(8) asks for such
 * locks. Returns a descriptor, or -1 without the lock, also if the folder cannot be read. */
int folder_lock(const char *path);

/* Takes -1 as well. */
void folder_unlock(int fd);

#endif
