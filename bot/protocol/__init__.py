"""The deliberation: answers, anonymous reviews, one verdict, and the calls that they are made of."""
