"""
Rules over text
===============

You run a video channel and want to filter spam from the comments. Nobody has labelled any. What
you do have is a good idea of what spam looks like, and that is enough to write a few rules: each
looks at one thing, is often silent, and is sometimes wrong. A label model weighs them against each
other, and a text classifier trained on its labels also judges comments on which no rule speaks.
"""

# %%
# The comments
# ------------
#
# 96 short comments. The first character of a line is the truth (``+`` spam, ``-`` not); it is used
# only at the end, to see how well we did without it. Half of the comments are kept for that test.

import re

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sklearn_labelmodel import (
    ABSTAIN,
    KeywordLF,
    LabelingFunctions,
    RegexLF,
    WeakSupervisionClassifier,
    labeling_function,
    lf_summary,
)
from sklearn_labelmodel.inspection import LFCoverageDisplay

LINES = """
+Check out my new channel, I post covers every week!
-The drum fill at 2:14 gets me every single time
+Subscribe to my channel and I will subscribe back
-My grandmother sang this song to us, brings back memories
+FREE gift cards here http://gift.example/win
-What a beautiful voice, I could listen for hours
+Earn $500 a day from home, visit www.fastcash.example
-Who else is listening to this in the rain
+Hey guys please check out my music, new song on my page
-That bass line is so simple and so good
+I make money online and you can too, click my profile
-I played this at our wedding, we both cried
+Win a phone! Follow the link http://prize.example now
-The lyrics in the second verse are pure poetry
+sub 4 sub anyone? subscribe and comment done
-Saw them live last summer, even better on stage
+Please subscribe to my channel, I am almost at 1000
-Does anybody know the name of the guitar he plays here
+Best free followers for your channel at www.follow.example
-This song deserves so much more love
+Click here http://bit.example/x1 for the full album free
-I love how quiet it gets right before the chorus
+My channel has better songs than this, check it out
-Ten years later and it still sounds fresh
+Guys visit my page and like my new cover please
-The video was filmed in my home town, so proud
+Make money while you sleep http://sleepcash.example
-Check out the solo at 3:05, what a guitar player
+Subscribe for free giveaways every day on my page
-Her voice on the last note, wow
+WhatsApp me to earn money trading, 100% profit
-My favourite song of the whole album
+Follow me for more music like this, link in profile
-I learned to play piano because of this song
+New song out now on my channel, please like and subscribe
-The best chorus of the decade, no question
+Get free gift cards at http://cards.example today
-Is it just me or does the drummer steal the show
+Watch my cover of this song on my channel, please!
-I subscribed years ago because of this very song
+You can win $1000, click the link http://lucky.example
-So sad that the band broke up, best live act ever
+I am a small artist, visit my channel for new music
-The quiet version on the piano is even better
+Check my profile if you want to earn money fast
-I was nine when this came out, good memories
+Free beats on my page, check them out guys
-That smile when he hits the high note
+Visit http://tickets.example for cheap concert tickets
-Can we talk about how good the strings sound
+Please please subscribe, I want to beat my brother
-The lyrics helped me through a hard winter
+Join my group to make money, profit every week
-Listening to this on repeat while it snows
+Follow the link in my profile for free followers
-Love this song
+Hey, I post new covers on my channel, take a look
-The sound of the old recording has so much warmth
+Like this comment and check out my channel please
-My daughter dances to the chorus every morning
+Click my name and watch my videos, thanks guys
-I love the free feeling of this chorus, like summer
+Gift cards for everyone http://claim.example click now
-Amazing voice, amazing band
+Get 1000 followers free, visit www.grow.example
-The guitar tone is warm, which amp is that
+Work from home and earn $300 a day, see my page
-I cried at the last verse, what a song
+My new music video is out, please check it out
-Please play this one live again
+Subscribe to me and I subscribe to you, promise
-The way the bass and the drums lock in, perfect
+I give away phones on my channel every week
-Never get tired of that piano intro
+Visit my profile, I sing better than she does
-The poetry of this verse made my day
+Like and follow my page for free music every day
-Greetings from Chile, we love this band
+Trade with me and win, profit is sure, click my profile
-Please tell me I am not the only one crying
+Check out http://beats.example for beats
-The chorus came up on my walk home, what a day
+Take a look at my cover, please like and share guys
-Here because of the film, stayed for the song
+Free concert tickets, follow the link http://tix.example
-The second half of the solo is my favourite part
+Look at my page, new song every week, please subscribe
-This is the sound of my school days
+Do you want money? Visit www.richnow.example
-I play this song for my students every year
+Small channel here, a sub would make my day guys
-Still my alarm in the morning, still love it
+Earn gift cards with this app http://app.example
-How is the live version so much faster
+Guys, like my cover on my page, it means a lot
-What a voice, what a night, I was there
""".strip().splitlines()

comments = pd.Series([line[1:] for line in LINES], name="comment")
truth = np.array(["spam" if line[0] == "+" else "ham" for line in LINES])
test = np.random.default_rng(0).permutation(len(LINES)) % 2 == 0
print(f"{(~test).sum()} comments to learn from, {test.sum()} to test on")

# %%
# The rules
# ---------
#
# A labeling function returns a label, or ``ABSTAIN`` (which is None) where it cannot tell. For
# words and patterns there are ready-made ones; anything else is a decorated Python function.


@labeling_function()
def talks_of_the_song(comment):
    """Comments on the music itself, without asking for anything."""
    words = {"voice", "guitar", "piano", "chorus", "lyrics", "verse", "song"}
    return "ham" if words & set(re.findall(r"\w+", comment.lower())) else ABSTAIN


@labeling_function()
def memories(comment):
    """People who tell a story of their own."""
    return "ham" if re.search(r"\b(years?|I was|remember|memories|cried)\b", comment) else ABSTAIN


rules = LabelingFunctions(
    [
        RegexLF(r"https?://|www\.", label="spam", name="link"),
        RegexLF(r"\bsub(scribe)?\b", label="spam", flags=re.IGNORECASE, name="subscribe"),
        KeywordLF(["money", "earn", "win", "free", "gift", "profit"], label="spam", name="money"),
        KeywordLF(["check", "visit", "click", "follow"], label="spam", name="call_to_act"),
        KeywordLF(
            ["love", "favourite", "amazing", "beautiful", "best"], label="ham", name="praise"
        ),
        talks_of_the_song,
        memories,
    ]
)

# %%
# Look at the votes before you train
# ----------------------------------
#
# The labeler gives one column of votes for each rule. Coverage is the share of comments on which a
# rule speaks; a conflict is a comment on which another rule says something else. Where the rules
# never conflict, there is nothing to learn; where one conflicts most of the time, read it again.

votes = rules.set_output(transform="pandas").transform(comments[~test])
print(lf_summary(votes).drop(columns="j").round(2).to_string())
LFCoverageDisplay.from_votes(votes)

# %%
# From rules to a classifier
# --------------------------
#
# :class:`~sklearn_labelmodel.WeakSupervisionClassifier` does the rest: it lets the rules
# vote, fits a label model, and trains the pipeline on the probabilities. No label is passed.

model = WeakSupervisionClassifier(
    labeler=rules,
    estimator=make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression(C=10)),
)
model.fit(comments[~test])
new = ["please watch my videos", "the violin in the intro is lovely"]
print(dict(zip(new, model.predict(new), strict=True)))

# %%
# Why is a comment spam? The votes on it, the strongest first, and what the classifier makes of it:
# numbers above zero speak for a class.

print(model.explain(["Check out my page, win money!"]).round(2).to_string())

# %%
# Was it worth it?
# ----------------
#
# On the test comments the truth is known. The label model alone has to guess where no rule speaks;
# the classifier has learned words that no rule mentions.

test_votes = rules.transform(comments[test])
silent = test_votes.isna().all(axis=1).to_numpy()
by_votes = model.label_model_.predict_proba(test_votes)[:, 1]
by_text = model.predict_proba(comments[test])[:, 1]
for name, proba in {"label model": by_votes, "classifier": by_text}.items():
    right = (proba > 0.5) == (truth[test] == "spam")
    print(f"{name}: right on {right.sum()} of {len(right)} comments,")
    print(f"    of the {silent.sum()} that no rule speaks on, on {right[silent].sum()}")

fig, ax = plt.subplots(figsize=(6, 5.5), layout="constrained")
for label, marker in {"spam": "o", "ham": "s"}.items():
    rows = truth[test] == label
    ax.scatter(by_votes[rows], by_text[rows], marker=marker, alpha=0.7, label=f"really {label}")
ax.axhline(0.5, color="grey", linewidth=0.8)
ax.axvline(0.5, color="grey", linewidth=0.8)
ax.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03))
ax.set_xlabel("P(spam) by the label model, from the votes")
ax.set_ylabel("P(spam) by the classifier, from the text")
ax.set_title("Test comments; on the vertical line no rule speaks, or they tie")
ax.legend(loc="upper left")
plt.show()
