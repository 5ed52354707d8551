/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/signin/hashing.h"

bool hashing_enter(struct hashing *h)
{
	bool may;

	pthread_mutex_lock(&h->lock);
	may = h->waiting < HASHING_WAITING;
	if (may) {
		h->waiting++;
		while (h->running >= HASHING_AT_ONCE)
			pthread_cond_wait(&h->left, &h->lock);
		h->waiting--;
		h->running++;
	}
	pthread_mutex_unlock(&h->lock);
	return may;
}

void hashing_leave(struct hashing *h)
{
	pthread_mutex_lock(&h->lock);
	h->running--;
	pthread_cond_signal(&h->left);
	pthread_mutex_unlock(&h->lock);
}
