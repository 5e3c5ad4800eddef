/* Blocks of memory: from malloc(3), and mappings. */
#include "buffer/block.h"
#include "suite.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Fails while it is set. */
static int fails;

void *__real_mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset)
{
    return fails ? MAP_FAILED : __real_mmap(address, size, protection, flags, fd, offset);
}

void *__real_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size)
{
    return fails > 1 ? NULL : __real_realloc(memory, size);
}

int __real_munmap(void *address, size_t size);
int __wrap_munmap(void *address, size_t size);
int __wrap_munmap(void *address, size_t size)
{
    return fails ? -1 : __real_munmap(address, size);
}

static void expect_bytes(const struct block *block, size_t size)
{
    for (size_t i = 0; i < size; i++)
        ck_assert_int_eq(block->data[i], (char)(i % 127));
}

static void fill(struct block *block)
{
    for (size_t i = 0; i < block->size; i++)
        block->data[i] = (char)(i % 127);
}

/* True: the kernel has memory at this address. */
static bool is_there(void *page)
{
    unsigned char resident;

    return mincore(page, 1, &resident) == 0;
}

START_TEST(a_block_keeps_its_bytes_as_it_grows)
{
    static const size_t sizes[] = {1,         256,       4096,      BLOCK_MAPPED_MIN - 1,
                                   16 * 1024, 64 * 1024, 96 * 1024, 1024 * 1024};
    struct block block = {0};

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t before = block.size;
        ck_assert(block_grow(&block, sizes[i]));
        ck_assert_uint_eq(block.size, sizes[i]);
        ck_assert_int_eq(block.is_mapped, sizes[i] >= BLOCK_MAPPED_MIN);
        expect_bytes(&block, before);
        fill(&block);
    }
    block_free(&block);
    ck_assert_uint_eq(block.size, 0);
    block_free(&block); /* an empty one */
}
END_TEST

START_TEST(a_large_block_goes_back_to_the_system)
{
    struct block block = {0};

    ck_assert(block_grow(&block, 64 * 1024));
    char *page = block.data;
    ck_assert(is_there(page));
    block_free(&block);
    ck_assert(!is_there(page));
}
END_TEST

START_TEST(without_a_mapping_a_block_is_in_the_heap)
{
    struct block block = {0};

    ck_assert(block_grow(&block, 100));
    fill(&block);
    fails = 1;
    ck_assert(block_grow(&block, 64 * 1024));
    ck_assert(!block.is_mapped);
    expect_bytes(&block, 100);
    fails = 0;
    ck_assert(block_grow(&block, 128 * 1024)); /* and becomes one later */
    ck_assert(block.is_mapped);
    expect_bytes(&block, 100);
    block_free(&block);
}
END_TEST

START_TEST(without_memory_a_block_does_not_change)
{
    struct block small = {0};
    struct block large = {0};

    ck_assert(block_grow(&small, 100) && block_grow(&large, 64 * 1024));
    fill(&small);
    fill(&large);
    fails = 2;
    ck_assert(!block_grow(&small, 200) && !block_grow(&small, 64 * 1024));
    ck_assert(!block_grow(&large, 128 * 1024));
    fails = 0;
    ck_assert_uint_eq(small.size, 100);
    ck_assert_uint_eq(large.size, 64 * 1024);
    expect_bytes(&small, 100);
    expect_bytes(&large, large.size);
    block_free(&small);
    block_free(&large);
}
END_TEST

START_TEST(a_mapping_that_cannot_be_removed_stays)
{
    struct block block = {0};

    ck_assert(block_grow(&block, 64 * 1024));
    char *page = block.data;
    fails = 1;
    block_free(&block);
    fails = 0;
    ck_assert_uint_eq(block.size, 0);
    ck_assert(is_there(page));
    ck_assert_int_eq(munmap(page, 64 * 1024), 0);
}
END_TEST

/* And their places are given back. */
START_TEST(the_number_of_mappings_is_limited)
{
    enum { MORE = 3 };
    static struct block blocks[BLOCK_MAPPINGS_MAX + MORE];

    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < BLOCK_MAPPINGS_MAX + MORE; i++) {
            ck_assert(block_grow(&blocks[i], BLOCK_MAPPED_MIN));
            ck_assert_int_eq(blocks[i].is_mapped, i < BLOCK_MAPPINGS_MAX);
        }
        for (int i = 0; i < BLOCK_MAPPINGS_MAX + MORE; i++)
            block_free(&blocks[i]);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_block_keeps_its_bytes_as_it_grows,      a_large_block_goes_back_to_the_system,
        without_a_mapping_a_block_is_in_the_heap, without_memory_a_block_does_not_change,
        a_mapping_that_cannot_be_removed_stays,   the_number_of_mappings_is_limited,
    };
    return suite_run("block", tests, sizeof tests / sizeof tests[0]);
}
