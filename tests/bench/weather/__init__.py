"""How long people wait for a verdict, beside other ways to ask the same models the same.

    python -m tests.bench.weather --questions 1000
    python -m tests.bench.weather --failing .11
    python -m tests.bench.weather --stragglers .15 --json now.json --against before.json
    python -m tests.bench.weather --at-once 500 --platform slack

What is real: the program as `council serve` starts it, from the mention that arrives to the verdict
that stands in its channel, with store, deliberation, caller, hedges, replies and pacing. What is
not: time, which jumps, the network, the platform (a strict local server) and the models. Beside it
stand a plain council of three barriers, the same asked as prompts were before (longer texts), the
least time that a council could take, and one call to the best member.

How somebody could doubt it, and what is there to say:

- *The arms meet different luck.* Every draw is a hash of the seed, the model, the stage, the
  question and the number of the attempt; arms differ in what they ask for, never in what they meet.
  Ratios are of the same questions, their intervals from resampled questions.
- *The plain council is a straw man.* It uses the product's prompts, so it asks for as many words; it
  streams, tries again what fails, twice, and gives up on a request after 120 s, which saves it from
  what hangs and from most of what straggles. A question for which it has no verdict is left out of
  the times of all arms, and counts in its rate.
- *Less is written, so of course it is faster.* That gain is told by itself: plain beside plain with
  the old numbers of words. How long a text gets is read from the prompt that was sent; `--wordy`
  writes three times as much as asked for. What a shorter text is worth is not known here: every
  answer is worth as much however long it is.
- *A second request is a new lottery ticket.* Only the server's part of it is drawn anew; how long a
  question is thought about, and how much is written, comes again (`draws`).
- *The verdict is early because less is heard.* The best answer's share of first places stands beside
  the times, from qualities that reviewers see with noise and with a weakness for their own.
- *Ready is not shown.* The product's times end when the verdict is in the journal and say besides
  how long it takes until its last word stands in the channel; other arms have no channel at all.
- *First text.* Of a council that is the first whole answer of a member that can be read: with
  barriers when all are there. A plain council that shows each as it comes has the limit's.
- *It is one shape of weather.* `--seed`, `--failing`, `--stragglers` and `--spread` make others. Nothing
  here was measured at real providers, so seconds mean little, ratios more.
"""
