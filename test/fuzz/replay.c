/* Gives every file of a folder to a target once: how compilers without libFuzzer run the corpora.
 */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Exits where the file cannot be read. */
static void replay(const char *folder, const char *name)
{
    enum { MOST = 1024 * 1024 };
    char path[4096];
    uint8_t *bytes = malloc(MOST);

    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL || bytes == NULL) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    size_t size = fread(bytes, 1, MOST, file);
    fclose(file);
    /* Memory of just this size: the sanitizer sees a byte more. */
    uint8_t *exact = malloc(size > 0 ? size : 1);
    if (exact == NULL)
        abort();
    memcpy(exact, bytes, size);
    fprintf(stderr, "%s\n", path); /* the last one named is the one that failed */
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    free(bytes);
}

int main(int argc, char **argv)
{
    const char *folder = argc == 2 ? argv[1] : "";
    DIR *entries = opendir(folder);
    int count = 0;

    if (entries == NULL) {
        fprintf(stderr, "replay: cannot open folder '%s': name a corpus\n", folder);
        return EXIT_FAILURE;
    }
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        replay(folder, entry->d_name);
        count++;
    }
    closedir(entries);
    fprintf(stderr, "replay: %d inputs\n", count);
    return count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
