/*
 * The page of the admin listener, and the same figures as JSON, with which the page's script keeps
 * it live. Pure.
 */
#ifndef ADMIN_PAGE_H
#define ADMIN_PAGE_H

#include "text.h"
#include "view.h"

/* Fields of the page's response: what its own text may load and run, and nothing else. The script
 * and the style have the nonce, so text of a client that got into the page could run nothing. */
#define PAGE_NONCE_SIZE 33
void page_policy(struct text *text, const char nonce[PAGE_NONCE_SIZE]);

/* The page as HTML. Without a script it shows the plots and the figures of the moment. */
void page_html(struct text *text, const struct admin_view *view, const char nonce[PAGE_NONCE_SIZE]);

/* One JSON object. */
void page_json(struct text *text, const struct admin_view *view);

#endif
