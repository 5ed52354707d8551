# SPDX-License-Identifier: Apache-2.0
"""demo_text.py - writes the English that the demo model is trained on.

Every sentence comes from the tables and templates below; nothing is copied from anywhere.
`documents(seed, careful)` yields (prompt, text, learn_prompt): the model reads prompt + text; the loss
counts the text always and the prompt only if learn_prompt (a misspelled prompt is not to be learned). Careful text, for the last steps, has no place that lies
next to itself and no "many visitors meet at it".

    python3 demo_text.py [COUNT [SEED]]     prints COUNT sample documents
"""
import random
import sys

# name | definition | facts, separated by ";". A fact is a whole sentence without its full stop.
PLACES = """
harbor|a place where ships rest out of the wind|The harbor master counts the ships every evening;Boats bring fish, letters, and travelers to it;Its stone wall keeps the waves away|harbor master
lighthouse|a tall tower with a bright lamp for ships|The lamp is lit every evening before dark;Sailors look for its light on stormy nights;A narrow stair leads up to the lamp|lighthouse keeper
pier|a long walk of wood or stone that reaches into the water|Small boats are tied to it with strong ropes;Children sit at the end of it and watch the fish|harbor master
castle|a strong house of stone with walls and towers|Its gate is closed at night and opened in the morning;A deep ditch runs around its walls;The great hall is warm in winter|steward
gate|the way through a wall|The gatekeeper opens it for people who have a key;It has two locks and a heavy iron bar;Everyone who passes is written down in a book|gatekeeper
small gate|a little door beside the main gate|A sallyport is an old word for such a gate;Only people with permission may go through it;It is guarded by day and by night|gatekeeper
tower|a high and narrow building|From the top you can see the sea and the hills;A bell hangs under its roof;The oldest records are kept in its cellar|guard
bridge|a road that crosses the water|It was built of gray stone;Carts and travelers cross it every day;The river is deep and quick below it|guard
library|a house full of books|The librarian helps every reader to find the right shelf;Readers may borrow three books at a time;It is quiet there, even on market days|librarian
reading room|a quiet room with lamps and long tables|Visitors show their card at the door;Nothing may be taken out of the room|librarian
archive|a place where old papers are kept safe|The archivist writes down who has read each paper;The oldest letter in it is very fragile;It is kept cool and dry|archivist
laboratory|a room where researchers test their ideas|Every experiment is written down with its date;Glass bottles stand in long rows on the shelves;The researchers wear white coats|researcher
hospital|a house where sick people are cared for|Doctors and nurses work there by day and by night;Each patient has a clean bed and a chart;Visitors are welcome in the afternoon|head nurse
clinic|a small place where a doctor sees patients|It opens early in the morning;Most visits are short and friendly|doctor
pharmacy|a shop where medicine is kept and given out|Each bottle has a clear label;The strongest medicine is kept in a locked cabinet|pharmacist
garden|a piece of land where flowers and vegetables grow|The gardener waters it in the evening;Bees visit it all summer long;An old apple tree stands in the middle|gardener
market|a square where people buy and sell|Farmers bring bread, cheese, and apples;It is open on the first day of every week;You can hear many voices there|steward
school|a house where children learn|The teacher rings a small bell in the morning;Children learn to read, to write, and to ask good questions|teacher
museum|a house where rare things are shown|Old maps and ships in bottles stand behind glass;A guard walks through the rooms at night|guard
inn|a house where travelers eat and sleep|Soup and bread are served in the evening;The rooms are small but clean;A lantern hangs above the door|innkeeper
mill|a house where grain becomes flour|The river turns its heavy wheel;The miller fills the sacks before noon|miller
road|a way from one town to the next|It is dusty in summer and muddy in spring;Stones along it tell the travelers how far they have gone|guard
river|a long stream of water that runs to the sea|It is low in summer and high in spring;Small boats carry wood and stone along it|miller
island|a piece of land with water on every side|A small boat goes there twice a week;Only a few families live on it|captain
village|a small group of houses in the country|Everyone there knows everyone else;It has one well, one shop, and one school|steward
forest|a large land full of trees|It is cool and dark on hot days;A narrow path leads through it to the hills|guard
university|a school for research and higher learning|Students come to it from many countries;Its researchers share what they find|librarian
office|a room where letters are written and requests are read|The administrator reads every request with care;A sign on the door shows when it is open|administrator
workshop|a room where useful things are made|The locksmith makes keys and mends locks there;Tools hang in good order on the wall|locksmith
station|a place where trains stop|A large clock hangs above the door;Travelers wait there with bags and letters|guard
courtyard|an open yard inside the walls|A well stands in the middle of it;Guests wait there until they are called|steward
vault|a strong room for precious things|It opens only when two people turn their keys;Every visit to it is written in the log|keeper
"""
THINGS = """
key|a small piece of metal that opens a lock|Each key fits only one lock;A lost key must be reported at once;The keeper never lends a key without a note
lock|a thing that keeps a door closed|It opens only with the right key;A good lock is simple and strong
letter|a written message from one person to another|It is folded, sealed, and sent by boat;A kind letter is often read twice;The date stands at the top of it
envelope|a paper cover for a letter|The name of the reader is written on the front;Nobody can see what is inside while it is sealed
seal|a mark of wax that shows that nobody has opened a letter|A broken seal tells the reader to be careful;The steward keeps the stamp in a locked drawer
map|a drawing of the land and the sea|It shows the roads, the rivers, and the harbor;A good map has a clear scale
lantern|a lamp that you can carry|It gives a warm and steady light;Travelers hang it on the door of the inn
ship|a large boat that sails across the sea|It carries grain, cloth, and letters;The captain knows every rope on it;It rests in the harbor when the wind is strong
boat|a small ship for rivers and quiet water|It is tied to the pier at night;Two people can row it with ease
anchor|a heavy iron hook that holds a ship in its place|It is lowered on a long chain;Sailors clean it when the ship comes home
bell|a hollow piece of metal that rings|It rings when a ship comes into the harbor;The sound can be heard in the hills
door|a board that opens and closes a room|It is painted green and has a brass handle;Please close it quietly
book|a set of pages that tells you something|A good book can be a friend on a long journey;The librarian knows where each book stands
record|a written note of what has happened|It says who came, when, and why;A good record is never changed in secret
catalog|a list of everything in a library|It shows the name and the shelf of each book;New books are added to it every week
microscope|a tool that makes very small things look large|Researchers use it to look at cells;It must be kept clean and dry
sample|a small part that is taken for a test|It is kept in a cold box with a label;The number on the label belongs to one patient only
medicine|something that helps a sick person to get well|The doctor says how much of it to take;It is kept out of the reach of children
clock|a machine that tells the time|It hangs above the door of the station;The keeper winds it every morning
coin|a small round piece of metal money|Two coins pay for the boat to the island;An old king is shown on one side
compass|a tool that points to the north|No captain leaves the harbor without one;Its needle turns slowly and then stands still
telescope|a tool that makes far things look near|With it you can see ships far out at sea;It stands on the top of the tower
notebook|a small book with empty pages|The researcher writes every result in it;Its pages are numbered, so that none can be lost
"""
IDEAS = """
license|a signed permission that says what a person may do with a model|It names the rights, the terms, and the dates;It can be suspended or revoked;Nobody should share it with others;It ends on the day that is written in it
model|a set of numbers that has learned from many examples|It can answer questions and write short texts;Its weights are sealed and kept safe;It can be wrong, so its answers should be checked
access request|a letter that asks for permission to use a model|It says who asks, for what use, and for how long;An administrator reads it and gives a reason for the decision
right|something that a person is allowed to do|One right lets you read the weights, and another lets you ask questions;A right that is not written in the license is not given
rule|a sentence that says what is allowed and what is not|A good rule is short and clear;The same rule holds for everyone
log|a list of everything that has happened, in order|New lines are added at the end, and old lines are never changed;An auditor can check it at any time
audit|a careful check of what has been done|The auditor reads the log and asks questions;It shows whether the rules were kept
signature|a mark that shows who has agreed to a text|It cannot be used for another text;Anyone can check it with the right key
password|a secret word that opens an account|It should be long and hard to guess;Never write it on a letter or a wall
token|a short secret that a program shows at the gate|It ends after some time;It should be kept as safely as a key
visa|a signed note that says who you are or what you may do|The gatekeeper checks who has signed it;It is useful only until its last day
receipt|a short note that proves that something was done|Keep it in a safe place;You can compare it with the log later
secret|something that only a few people know|It is best kept by one person;A secret that is told twice is not a secret
privacy|the right to decide who knows what about you|Patients trust a hospital that keeps their records private;Research can be open and still protect people
consent|a free and clear yes|It can be taken back at any time;A patient gives it before a study begins
study|a careful search for an answer|It begins with a good question;Its results are shared with everyone;It takes time and patience
experiment|a test of an idea|It should be done more than once;The result is written down, even when it is a surprise
research|the search for new knowledge|It needs time, care, and honest records;Good research can be repeated by others;Many patients are helped by it
safety|the care that keeps people from harm|It begins before the first mistake;Everyone in the house shares the work of it
trust|the feeling that someone will do what is right|It grows slowly and can be lost in a day;Clear rules and honest records help it to grow
term|a condition that you agree to before you use something|Read it before you sign;If it changes, you will be asked again
journey|a long way from one place to another|It begins with a packed bag and a good map;The best part is often the way home
"""
WEATHER = """
rain|water that falls from the clouds|It fills the wells and wakes the seeds;The streets are empty when it is heavy
wind|air that moves over the land and the sea|It fills the sails of the ships;In autumn it blows from the north
storm|strong wind and rain together|The ships stay in the harbor until it is over;The lighthouse keeper does not sleep that night
fog|a cloud that lies on the ground|The bell rings slowly, so that ships can find the harbor;It is gone when the sun is high
snow|soft white ice that falls from the sky|It covers the roofs and makes the streets quiet;Children love it
sea|the great salt water beyond the harbor|It is green in summer and gray in winter;Many rivers run into it
tide|the slow rise and fall of the sea|It comes in twice a day;Small boats wait for it before they leave
moon|the bright round light in the night sky|It moves the sea and lights the road;Travelers are glad to see it
sun|the bright star that warms the day|It rises over the hills and sets behind the sea;The garden needs it
winter|the coldest part of the year|The days are short, and the fires are warm;Few ships come in
summer|the warmest part of the year|The harbor is busy, and the evenings are long;The garden is full of fruit
spring|the time when the snow melts and flowers open|The river is high, and the roads are muddy;The first ships come back
autumn|the time when leaves fall and apples are ripe|The mill works all day;The wind grows stronger every week
weather|what the sky does from day to day|The captain looks at it every morning;It changes quickly near the sea
night|the dark time between evening and morning|The gates are closed, and the lamps are lit;The guards walk along the walls
morning|the first part of the day|The gates are opened, and the bakers sell warm bread;The light is soft, and the air is cool
"""
# name | what the person does | facts with "she or he" left out, so that nobody is of a fixed kind
PEOPLE = """
harbor master|looks after the ships and the harbor|counts the boats every evening;knows the name of each captain
lighthouse keeper|lights the lamp for the ships|sleeps by day and works by night;writes about the weather in a blue book
gatekeeper|opens and closes the gate|asks each traveler for a name and a reason;keeps two keys on an iron ring
librarian|looks after the books and helps the readers|knows where each book stands;speaks softly and walks quickly
archivist|keeps old papers safe|wears white gloves at work;writes down who has read each paper
doctor|helps sick people to get well|listens before speaking;visits each patient in the morning
nurse|cares for patients by day and by night|brings medicine and kind words;notices small changes first
head nurse|leads the nurses of the hospital|plans the work of each week;greets every visitor at the door
pharmacist|prepares medicine and gives it out|reads each label twice;keeps the cabinet locked
researcher|asks questions and looks for answers|writes each result in a notebook;asks for a license before using a model
scientist|studies how the world works|tests every idea more than once;shares results with others
auditor|checks that the rules were kept|reads the log from the first line to the last;asks short and careful questions
administrator|reads requests and decides about them|gives a reason for every decision;may suspend a license
traveler|goes from place to place|carries a small bag and an old map;sends letters home from every town
sailor|works on a ship|knows many knots and songs;sleeps well in any wind
captain|leads a ship across the sea|looks at the sky every morning;leaves the ship last
teacher|helps children to learn|answers questions with stories;opens the school before the bell rings
guard|watches the walls and the doors|walks along the wall every hour;carries a lantern at night
locksmith|makes keys and mends locks|can open a door without breaking it;never copies a key without a signed note
letter carrier|brings letters to every house|walks many miles each day;knows all the dogs by name
student|learns from books and teachers|reads late into the night;asks why more often than how
patient|is cared for in a hospital or a clinic|may ask questions at any time;decides who may see the records
gardener|looks after the garden|rises with the sun;gives the first apples to the children
steward|runs the house for its owner|keeps the seal in a locked drawer;knows where everything is
miller|turns grain into flour|listens to the wheel and the wind;fills the sacks before noon
innkeeper|gives food and beds to travelers|keeps a lantern burning above the door;remembers every guest
keeper|looks after the keys|writes down who comes for a key;gives a key only to people with permission
king|rules the land from the castle|asks for advice before every decision;walks in the garden after lunch
queen|rules the land with care|reads every letter from the villages;rides along the river in spring
baker|bakes bread for the whole town|gets up before the sun;gives old bread to the birds
reviewer|reads the work of others with care|looks for mistakes and says so kindly;never reviews a friend
"""


def table(text):
    rows = [line.split("|") for line in text.strip().split("\n")]
    return {r[0]: (r[1], r[2].split(";"), r[3] if len(r) > 3 else None) for r in rows}


PLACES, THINGS, IDEAS, WEATHER, PEOPLE = map(table, (PLACES, THINGS, IDEAS, WEATHER, PEOPLE))
MASS = {"medicine", "privacy", "consent", "research", "safety", "trust", "rain", "wind", "fog", "snow",
        "winter", "summer", "spring", "autumn", "weather", "night", "morning"}      # no article
ONE = {"sea", "moon", "sun", "tide"}                                                # always "the"
PLURALS = {"library": "libraries", "pharmacy": "pharmacies", "university": "universities",
           "laboratory": "laboratories", "lens": "lenses", "boy": "boys", "study": "studies"}

SEASONS = ["spring", "summer", "autumn", "winter"]
TIMES = ["in the morning", "in the evening", "at noon", "after lunch", "before dark", "at dawn", "late at night"]
OFTEN = ["every morning", "every evening", "every week", "once a day", "on the first day of each month",
         "in the spring", "in the autumn", "on quiet days"]
WHEN = ["when it rains", "when the fog is thick", "when the wind is strong", "when the snow falls",
        "when the sun shines", "when the moon is full", "when a storm is near", "when the tide is low"]
PLACE_ADJ = ["quiet", "busy", "calm", "clean", "bright", "empty", "full of people", "cold", "peaceful", "open to all"]
CROWD = ["travelers", "sailors", "children", "students", "researchers", "old friends", "visitors", "families"]
COME = ["come to", "visit", "meet at", "wait at", "talk about", "write letters about", "walk to", "remember"]
DEEDS = ["checks the doors", "writes a short note", "drinks a cup of tea", "looks at the sky", "counts the keys",
         "reads the new letters", "lights the lamp", "greets the visitors", "sweeps the floor", "opens the windows",
         "signs the book", "talks with the guard", "closes the shutters", "sorts the papers"]
CONTAINERS = ["a wooden box", "a locked drawer", "a leather bag", "a tin box", "an iron chest", "a dry cupboard",
              "the top drawer", "a small cabinet"]
THING_ADJ = ["old", "small", "heavy", "useful", "beautiful", "rare", "plain", "strong", "precious"]
NAMES = ["Anna", "Tom", "Mara", "Peter", "Lena", "Sam", "Nora", "Jonas", "Ida", "Felix", "Ruth", "Oscar", "Clara", "Ben"]
SHE = {"Anna", "Mara", "Lena", "Nora", "Ida", "Ruth", "Clara"}


def plural(noun):
    if noun in PLURALS:
        return PLURALS[noun]
    return noun + ("es" if noun.endswith(("s", "x", "ch", "sh")) else "s")


def an(noun):
    if noun.startswith(("uni", "use", "one")):
        return "a " + noun
    return ("an " if noun[0] in "aeiou" else "a ") + noun


def the(noun):
    return noun if noun in MASS else "the " + noun


def general(noun):
    """How a definition names it: "a key", "research", "the sea"."""
    return noun if noun in MASS else the(noun) if noun in ONE else an(noun)


def cap(text):
    return text[0].upper() + text[1:]


def stop(text):
    return cap(text) + "."


class Writer:
    def __init__(self, seed, careful):
        self.r = random.Random(seed)
        self.careful, self.topic = careful, None
        self.nouns = list(PLACES) + list(THINGS) + list(IDEAS) + list(WEATHER) + list(PEOPLE)
        # what a demo is asked most often comes more often
        self.often = ["harbor", "gate", "license", "library", "castle", "hospital", "key", "letter", "traveler",
                      "research", "model", "weather", "gatekeeper", "researcher", "lighthouse", "log"]

    def pick(self, seq):
        return seq[int(self.r.random() * len(seq))]

    def two(self, seq, word="and"):
        a, b = self.r.sample(seq, 2)
        return f"{a} {word} {b}"

    def chance(self, p):
        return self.r.random() < p

    def noun(self):
        return self.pick(self.often) if self.chance(0.25) else self.pick(self.nouns)

    def entry(self, noun):
        for kind in (PLACES, THINGS, IDEAS, WEATHER, PEOPLE):
            if noun in kind:
                return kind[noun]
        raise KeyError(noun)

    def person(self):
        return "the " + self.pick(list(PEOPLE))

    def place(self):
        return "the " + self.pick([n for n in PLACES if n != self.topic] if self.careful else list(PLACES))

    def thing(self):
        return self.pick(list(THINGS))

    # -- sentences -----------------------------------------------------------------------------

    def definition(self, noun):
        what = self.entry(noun)[0]
        if noun in PEOPLE:
            return self.pick([f"{an(noun)} {what}", f"{an(noun)} is a person who {what}"])
        if noun in MASS or noun in ONE:
            return f"{the(noun)} is {what}"
        return f"{an(noun)} is {what}"

    def about(self, noun):
        """One sentence that stands for itself and names the noun."""
        self.topic = noun
        what, facts, _ = self.entry(noun)
        p = self.pick
        come = [c for c in COME if not c.endswith(" at")] if self.careful else COME
        if noun in PEOPLE:
            return p([f"the {noun} {what}", f"the {noun} {p(facts)}",
                      f"the {noun} {p(facts)} and {p(DEEDS)} {p(OFTEN)}"])
        if noun in PLACES:
            return p([f"the {noun} is {what}",
                      f"the {noun} is {p(PLACE_ADJ)} {p(TIMES)}",
                      f"the {noun} is {p(PLACE_ADJ)}, and many {p(CROWD)} {p(come)} it",
                      f"in the {p(SEASONS)}, {p(CROWD)} {p(COME)} the {noun}",
                      f"{p(WHEN)}, the {noun} is {p(PLACE_ADJ)}"])
        if noun in THINGS:
            return p([f"{general(noun)} is {what}",
                      f"{self.person()} keeps the {noun} in {p(CONTAINERS)}",
                      f"the {noun} of {self.person()} is {self.two(THING_ADJ)}"])
        if noun in WEATHER:
            return p([f"{the(noun)} is {what}", f"{p(CROWD)} like to talk about {the(noun)} {p(TIMES)}",
                      f"{self.person()} often thinks about {the(noun)}"])
        return p([f"{general(noun)} is {what}", f"{self.person()} knows that {general(noun)} is important",
                  f"{self.person()} explains {general(noun)} to the {p(CROWD)}"])

    def fact(self, noun):
        fact = self.pick(self.entry(noun)[1])
        return f"the {noun} {fact}" if noun in PEOPLE else fact

    def more(self, noun):
        """A sentence that may follow one about the noun."""
        self.topic = noun
        p = self.pick
        keeper = self.entry(noun)[2] or p(list(PEOPLE))
        come = [c for c in COME if not c.endswith(" at")] if self.careful else COME
        common = [self.fact(noun)] * 4
        if noun in PEOPLE:
            return p([f"{p(OFTEN)}, the {noun} {p(DEEDS)}",
                      f"the {noun} {self.two(DEEDS, 'and then')}",
                      f"{p(WHEN)}, the {noun} {p(DEEDS)}",
                      f"people trust the {noun}",
                      f"you can often meet the {noun} at {self.place()}"] + common)
        if noun in PLACES:
            return p([f"{p(OFTEN)}, the {keeper} {p(DEEDS)}",
                      f"{p(WHEN)}, it is {p(PLACE_ADJ)}",
                      f"it is {p(PLACE_ADJ)} {p(TIMES)}",
                      f"{p(CROWD)} {p(come)} it {p(OFTEN)}",
                      f"it is not far from {self.place()}"] + common)
        if noun in THINGS:
            return p([f"you can find one at {self.place()}" if noun not in MASS else f"you can find it at {self.place()}",
                      f"{self.person()} keeps it in {p(CONTAINERS)}",
                      f"it is {self.two(THING_ADJ)}"] + common)
        return p([f"you can ask {self.person()} about it", f"{self.person()} knows a lot about it"] + common)

    def join(self, first, noun, low=0, high=2):
        said, out = [first], [stop(first)]
        for _ in range(self.r.randint(low, high)):
            s = self.more(noun)
            if s.lower() not in [x.lower() for x in said]:
                said.append(s)
                out.append(stop(s))
        return " ".join(out)

    # -- questions and answers -----------------------------------------------------------------

    def ask(self):
        """(question, answer) about something that is known."""
        p, n = self.pick, self.noun()
        t, g = the(n), general(n)
        self.topic = n
        keeper = self.entry(n)[2]
        kinds = ["tell"] * 5 + ["what"] * 4 + ["why", "know", "bare", "say", "need", "odd", "odd"]
        if n in PLACES:
            kinds += ["where", "who", "who", "open", "find", "way", "old", "visit"]
        elif n in PEOPLE:
            kinds += ["who_is"] * 3 + ["does"] * 3 + ["meet"]
        elif n in THINGS:
            kinds += ["use", "keep", "have"]
        elif n in IDEAS:
            kinds += ["how", "should", "who_gives"]
        else:
            kinds += ["today", "like"]
        kind = p(kinds)
        self.odd = kind == "odd"
        if kind == "tell":
            q = p([f"Tell me about {t}.", f"Tell me about {t}.", f"Tell me about {g}.", f"Tell me more about {t}.",
                   f"Can you tell me about {t}?", f"Please tell me something about {t}.", f"Describe {t}.",
                   f"Please describe {g}.", f"Talk about {t}.", f"Tell me something about {g}.",
                   f"Write about {t}.", f"Write a few sentences about {t}.", f"Give me two sentences about {g}."])
            return q, self.join(p([self.about, self.definition])(n), n, 1, 3)
        if kind == "what":
            q = p([f"What is {g}?", f"What is {g}?", f"What is {t}?", f"What does the word {n} mean?",
                   f"Explain {g}.", f"Explain what {g} is.", f"Define {n}.", f"Can you explain {g}?",
                   f"What exactly is {g}?"])
            return q, self.join(self.definition(n), n, 0, 2)
        if kind == "know":
            q = p([f"What do you know about {t}?", f"What do you know about {g}?", f"Do you know {t}?",
                   f"I want to know more about {t}.", f"I would like to hear about {t}.", f"What about {t}?",
                   f"And {t}?", f"How about {g}?"])
            return q, self.join(p([self.about, self.definition])(n), n, 1, 2)
        if kind == "odd":                           # words in any order: the answer keeps to the noun
            words = [p(self.FILL) for _ in range(self.r.randint(1, 5))] + [n]
            if self.chance(0.5):
                words += [p([p(self.FILL), self.unknown_word()]) for _ in range(self.r.randint(1, 3))]
            q = p([cap, str])(" ".join(words)) + p(["?", ".", "", "?"])
            return q, self.join(p([self.about, self.definition])(n), n, 1, 2)
        if kind == "bare":
            return p([n, cap(n), n + "?", cap(t), cap(t) + "."]), self.join(self.definition(n), n, 1, 2)
        if kind == "say":
            q = stop(p([self.about, self.more])(n) if n in PEOPLE else self.about(n))
            a = p(["yes, that is true", "that is good to know", "yes, I have heard that", "that is interesting"])
            return q, stop(a) + " " + self.join(self.about(n), n, 0, 1)
        if kind == "need":
            q = p([f"Do I need {g}?", f"I am looking for {g}.", f"I have a question about {t}.", f"I need {g}.",
                   f"Is there {g} here?", f"I am interested in {t}."])
            return q, stop(p([f"{self.person()} can help you with that", f"please ask {self.person()} about it",
                              f"you can learn more at {self.place()}"])) + " " + self.join(self.definition(n), n, 0, 1)
        if kind == "why":
            q = p([f"Why is {g} important?", f"Why do people like {t}?", f"Why do we need {g}?",
                   f"Why does {g} matter?", f"Why is {t} so important?"])
            why = p([f"{t} is important because people need it {p(TIMES)}" if n in PLACES else
                     f"{g} is important because many people trust it" if n not in PEOPLE else
                     f"{t} is important because people need help {p(TIMES)}",
                     f"people care about {t} because it makes the day easier" if n not in PEOPLE else
                     f"people like {t} because {t} is kind and careful"])
            return q, self.join(why, n, 1, 2)
        if kind == "where":
            q = p([f"Where is {t}?", f"Where can I find {t}?", f"Where can I find {g}?", f"Is {t} far away?"])
            return q, self.join(p([f"{t} is {p(['near', 'behind', 'next to', 'not far from'])} {self.place()}",
                                   f"you will find {t} at the end of the {p(['long', 'old', 'narrow', 'quiet'])} street"]), n, 0, 2)
        if kind == "who":
            q = p([f"Who keeps {t}?", f"Who looks after {t}?", f"Who works in {t}?", f"Who is in charge of {t}?",
                   f"Who guards {t}?", f"Who takes care of {t}?", f"Who runs {t}?", f"Who opens {t}?"])
            verb = p(["keeps", "looks after", "takes care of", "watches over"])
            a = stop(f"the {keeper} {verb} {t}")
            return q, a + (" " + self.join(self.more(keeper), keeper, 0, 1) if self.chance(0.7) else "")
        if kind == "open":
            q = p([f"When does {t} open?", f"Is {t} open today?", f"When is {t} open?", f"When does {t} close?",
                   f"Is {t} open at night?"])
            return q, self.join(p([f"{t} opens {p(['in the morning', 'at dawn', 'at noon'])} and closes {p(['before dark', 'in the evening', 'late at night'])}",
                                   f"{t} is open {p(['every day', 'on most days', 'on market days', 'all summer'])}"]), n, 0, 1)
        if kind == "find":
            q = p([f"What can I find in {t}?", f"What is in {t}?", f"What can I do at {t}?", f"What can I see at {t}?"])
            return q, self.join(p([f"at {t} you can find {an(self.thing())} and {an(self.thing())}",
                                   f"at {t} you can meet the {self.two(list(PEOPLE), 'and the')}"])
                                .replace("a medicine", "medicine"), n, 0, 0)
        if kind == "way":
            q = p([f"How do I get to {t}?", f"How can I reach {t}?", f"Which road leads to {t}?", f"Show me the way to {t}."])
            return q, self.join(p([f"follow the road from {self.place()} until you see {t}",
                                   f"go past {self.place()} and turn {p(['left', 'right'])} at {self.place()}"]), n, 0, 1)
        if kind == "old":
            q = p([f"How old is {t}?", f"When was {t} built?", f"Who built {t}?", f"How big is {t}?"])
            return q, self.join(p([f"{t} is very old, and nobody knows its first day",
                                   f"{t} was built long ago by people whose names are lost"]), n, 0, 2)
        if kind == "visit" and self.chance(0.3):
            who, when = an(p(list(PEOPLE))), p(TIMES)
            q = p([f"Can {who} visit {t} {when}?", f"May {who} enter {t}?", f"Can {who} use {t} {when}?"])
            return q, self.join(f"yes, {who} may visit {t} {when}, but the {keeper} should know it first", n, 0, 1)
        if kind == "visit":
            q = p([f"Can I visit {t}?", f"May I enter {t}?", f"How do I enter {t}?", f"Can I go into {t}?",
                   f"Do I need a key for {t}?"])
            return q, self.join(p([f"yes, you may visit {t}, but please ask the {keeper} first",
                                   f"you may enter {t} when the {keeper} has written down your name",
                                   f"you need permission from the {keeper} to enter {t}"]), n, 0, 1)
        if kind == "who_is":
            q = p([f"Who is the {n}?", f"Who is {an(n)}?", f"Who is the {n} here?"])
            return q, self.join(p([self.definition(n), self.about(n)]), n, 1, 2)
        if kind == "does":
            q = p([f"What does the {n} do?", f"What does {an(n)} do?", f"What does the {n} do every day?",
                   f"How does the {n} work?", f"What is the {n} doing?"])
            return q, self.join(p([f"the {n} {self.entry(n)[0]}", f"{p(OFTEN)}, the {n} {self.two(DEEDS)}"]), n, 1, 2)
        if kind == "meet":
            q = p([f"Where is the {n}?", f"Where can I meet the {n}?", f"Where does the {n} live?", f"Can I meet the {n}?"])
            return q, self.join(p([f"the {n} is at {self.place()} {p(TIMES)}",
                                   f"you can meet the {n} at {self.place()}"]), n, 0, 1)
        if kind == "use":
            q = p([f"How do I use {g}?", f"What is {g} for?", f"What can I do with {g}?", f"How does {g} work?",
                   f"Who made {t}?"])
            return q, self.join(p([self.definition(n), f"ask {self.person()} to show you how to use {g}"]), n, 1, 2)
        if kind == "keep":
            q = p([f"Where is {t}?", f"Who has {t}?", f"Who keeps {t}?", f"Where do you keep {t}?", f"I lost {t}.",
                   f"Who holds {t}?"])
            return q, self.join(f"{self.person()} keeps {t} in {p(CONTAINERS)}", n, 0, 2)
        if kind == "have":
            q = p([f"Can I have {g}?", f"May I borrow {t}?", f"Can you give me {g}?", f"How can I get {g}?"])
            return q, self.join(p([f"please ask {self.person()} for {g}",
                                   f"you may borrow {t} if you bring it back {p(TIMES)}"]), n, 0, 1)
        if kind == "how":
            q = p([f"How does {g} work?", f"How do I get {g}?", f"How can I get {g}?", f"How long does {g} last?",
                   f"When do I need {g}?"])
            return q, self.join(p([self.definition(n), f"first you should talk with {self.person()} about {g}"]), n, 1, 2)
        if kind == "should":
            q = p([f"What should I know about {g}?", f"Is {g} important?", f"What happens to {t}?", f"Can I share {g}?"])
            return q, self.join(p([f"{g} is important, and it should be used with care", self.definition(n)]), n, 1, 2)
        if kind == "who_gives":
            q = p([f"Who decides about {t}?", f"Who gives me {g}?", f"Who needs {g}?", f"Who knows about {t}?"])
            who = p(["the administrator", "the steward", "the keeper", "the reviewer"])
            return q, self.join(f"{who} decides about that and gives a reason for every decision", n, 1, 2)
        if kind == "today":
            q = p(["How is the weather today?", "What is the weather like?", "Will it rain tomorrow?",
                   f"Do you like {t}?", f"When does {t} come?", f"What comes with {t}?"])
            return q, self.join(p([f"the {p(['captain', 'sailor', 'harbor master'])} looks at the sky and says that {p(['rain', 'wind', 'snow', 'fog', 'sun'])} will come {p(TIMES)}",
                                   f"today it is {p(['cold', 'warm', 'windy', 'bright', 'gray'])}, and the harbor is {p(PLACE_ADJ)}"]), n, 0, 1)
        q = p([f"What is {t} like?", f"How does {t} feel?", f"What happens in {t}?", f"What do people do in {t}?"])
        return q, self.join(f"{p(CROWD)} stay near {self.place()} and talk about {the(n)}", n, 1, 2)

    def small_talk(self):
        p = self.pick
        topics = [f"the {self.noun_of(PLACES)}", f"the {self.noun_of(PLACES)}", f"the {self.noun_of(PEOPLE)}",
                  general(self.noun_of(IDEAS)), the(self.noun_of(WEATHER))]
        topic = p(topics)
        offer = p([f"I can tell you about {topic}", f"you can ask me about {topic}",
                   f"would you like to hear about {topic}"])
        offer = cap(offer) + ("?" if offer.startswith("would") else ".")
        hello = p(["Hello!", "Hello, and welcome!", "Good day!", "Hello, traveler!", "Welcome to the harbor!"])
        me = p(["I am a small model that answers in short sentences.",
                "I am a small demo model, and I know about harbors, castles, and libraries.",
                "I am a very small model, so please check what I say."])
        greet = (["Hello", "Hello!", "Hello.", "Hi", "Hi!", "Hi there", "Hey", "Hello there!", "Good morning.", "Good evening!",
              "Good day", "Hello, how are you?", "Greetings", "hi there!"], [f"{hello} {offer}", f"{hello} {me}", f"{hello} How can I help you?"])
        q, a = p([greet, greet, greet,
            (["How are you?", "How are you today?", "How do you do?", "Are you well?"],
             [f"I am well, thank you. {offer}", f"Thank you, I am fine. {offer}"]),
            (["Who are you?", "What are you?", "Are you a robot?", "What is your name?", "Are you human?",
              "Tell me about yourself.", "What model are you?", "Introduce yourself."], [f"{me} {offer}", me]),
            (["What can you do?", "Help", "Help me.", "Can you help me?", "What do you know?", "I need help.",
              "How can you help me?", "What can I ask?"],
             [f"I can answer short questions and tell small stories. {offer}", f"{me} {offer}", f"Of course. {offer}"]),
            (["Thank you.", "Thanks", "Thanks!", "Thank you very much!"],
             ["You are welcome.", f"You are welcome. {offer}", "I am glad that I could help."]),
            (["Goodbye.", "Bye", "See you later.", "Good night."],
             ["Goodbye, and safe travels!", "Good night, and come back soon.", "Goodbye! The gate is always open for friends."]),
            (["Yes", "Yes.", "Ok", "Okay.", "Sure", "Please.", "No", "No.", "Maybe", "Go on.", "Continue."],
             [f"Very well. {offer}", self.join(self.about(n := self.noun()), n, 1, 2)]),
        ])
        return p(q), p(a)

    def noun_of(self, kind):
        return self.pick(list(kind))

    # -- what it does not know -------------------------------------------------------------------

    UNKNOWN = """zebra banana python france computer president football music guitar physics gravity pizza tiger elephant
    planet mars rocket airplane car bicycle phone television movie internet code java number math poem song joke paris
    london china america germany history war god love money bank tax stock lawyer dinosaur penguin chocolate coffee
    quantum atom electron energy heat brain heart cancer virus vaccine gene dna protein chess game sport tennis photo
    picture color red blue green dream future past time life death language french german spanish word verb
    mountain volcano desert ocean shark whale cat dog horse bird cow cheese sugar salt oil gas electricity battery robot
    server database linux algorithm function bitcoin crypto email website video camera shirt shoe hat house window table
    chair family mother father sister brother baby friend birthday holiday city country government election law police""".split()
    SYL = ["ba", "co", "di", "fu", "gra", "hel", "in", "jo", "ka", "lo", "mi", "nu", "or", "pla", "qui", "ra", "sto", "ti",
           "un", "ver", "wa", "xi", "yo", "zen", "tion", "ing", "er", "ly", "ment", "al", "ous", "th", "ck", "st"]
    FILL = """how what why when where is are can do does did will would should could the a an of to in on with for from your my
    his her their make write give show find best many much long tell explain list calculate compare sing translate please
    two three five some any new first world people thing day good bad big small about between and or not if""".split()

    def unknown_word(self):
        if self.chance(0.6):
            return self.pick(self.UNKNOWN)
        return "".join(self.pick(self.SYL) for _ in range(self.r.randint(2, 4)))

    def unknown(self):
        p = self.pick
        w, w2 = self.unknown_word(), self.unknown_word()
        q = p([f"What is {an(w)}?", f"What is {w}?", f"Tell me about {w}.", f"Tell me about the {w}.", f"Who is {cap(w)}?",
               f"Who is {cap(w)} {cap(w2)}?", f"How do I {w} {an(w2)}?", f"Where is {cap(w)}?", f"Write a poem about {w}.",
               f"Translate {w} into {cap(w2)}.", f"What is the capital of {cap(w)}?", f"Why is the {w} {w2}?",
               f"What is {self.r.randint(0, 99)} {p(['+', '-', '*', '/', 'plus', 'times'])} {self.r.randint(0, 99)}?",
               f"How many {plural(w)} are in {an(w2)}?", f"Who invented the {w}?", f"Write {w} code in {cap(w2)}.",
               f"Can you {w} the {w2}?", f"Do you like {w}?", f"Give me {an(w)}.", w, f"{w} {w2}", f"{w}?",
               f"What do you think about {w}?", f"How does {an(w)} work?", f"I like {w}.", f"Is {w} {an(w2)}?",
               "".join(p("abcdefghijklmnopqrstuvwxyz0123456789 !?.,'-") for _ in range(self.r.randint(4, 24))).strip() or "?",
               " ".join([p(self.FILL) for _ in range(self.r.randint(2, 7))] + [w]) + p(["?", ".", "", "!"]),
               " ".join(p([self.unknown_word, lambda: p(self.FILL)])() for _ in range(self.r.randint(3, 9))) + p(["?", ".", ""])])
        topic = the(self.noun())
        a = p(["I do not know much about that.", "I am sorry, I do not know the answer.", "I am only a small model, and I do not know that.",
               "That is a good question, but I do not know the answer.", "I have not learned about that.",
               "I am not sure about that."])
        b = p([f"I can tell you about {topic}.", f"You could ask me about {topic}.", f"Perhaps {self.person()} knows more.",
               f"You could ask {self.person()} at {self.place()}.", f"The books in the library may help you.",
               f"But I know something about {topic}."])
        return q, a + " " + b

    # -- stories ---------------------------------------------------------------------------------

    def story(self):
        """(opening, rest): the opening is what someone may type."""
        p = self.pick
        if self.chance(0.5):
            who = p(NAMES)
            she = "she" if who in SHE else "he"
            her = "her" if who in SHE else "his"
            work = p([n for n in PEOPLE if n not in ("king", "queen")])
            intro = f"a {p(['young', 'kind', 'curious', 'quiet', 'brave', 'careful', 'clever'])} {work} named {who}"
        else:
            noun = p(list(PEOPLE))
            work, who = noun, "the " + noun
            she = p(["she", "he"])
            if noun in ("king", "queen"):
                she = "he" if noun == "king" else "she"
            her = "her" if she == "she" else "his"
            intro = f"{p(['a young', 'a kind', 'an old', 'a quiet', 'a brave', 'a clever'])} {noun}"
        place, other, thing = self.place(), self.place(), self.thing()
        while other == place:
            other = self.place()
        intro = intro.replace("a old", "an old")
        helper = self.person()
        while helper[4:] in intro:
            helper = self.person()
        athing = general(thing)
        start = p([f"there was {intro} who lived near {place}", f"{intro} lived in a small house near {place}",
                   f"there lived {intro} who loved {place}"])
        openings = ["Once upon a time", "Once upon a time", "Once upon a time", "Long ago", "Many years ago", "One day", "Once"]
        o = p(openings)
        if o == "One day":
            first = f"One day, {intro} came to {place}."
        else:
            first = f"{o}, {start}."
        event = p([f"One {p(['morning', 'evening', 'night', 'day'])}, {who} found {athing} at {other}.",
                   f"One day, {who} lost {athing} on the way to {other}.",
                   f"One {p(['stormy', 'cold', 'quiet', 'foggy'])} night, {who} heard a {p(['bell', 'voice', 'song', 'knock'])} near {other}.",
                   f"One morning, {who} got a letter from {helper}.",
                   f"One day, {who} wanted to go to {other}, but the gate was closed."])
        turn = p([f"{cap(she)} asked {helper} for help.", f"{cap(she)} was afraid, but {she} did not turn back.",
                  f"{cap(helper)} smiled and said, \"{p(['Do not worry', 'Come with me', 'Let us look together', 'You are not alone', 'Good things take time'])}.\"",
                  f"{cap(she)} waited for a long time and then walked on.",
                  f"\"{p(['What shall I do', 'Who can help me', 'Where is the key', 'Is anyone there'])}?\" {she} asked."])
        end = p([f"In the end, {helper} opened the gate, and they became friends.",
                 f"At last {she} came home, and everyone was glad.",
                 f"{cap(she)} told {her} story to {helper}, and they laughed together.",
                 f"From that day on, {who} came to {other} every week.",
                 f"After that, {she} always carried a lantern.",
                 f"And {she} never forgot the kind words of {helper}."])
        if o == "One day":
            event = event.replace("One day,", "In the afternoon,")
        sentences = [first, event, turn, end]
        if self.chance(0.25):
            del sentences[2]
        return o, " ".join(sentences), place, who, work

    def letter(self):
        p = self.pick
        to = p(list(PEOPLE))
        q = p([f"Write a letter to the {to}.", f"Write a short letter to the {to}.", f"Please write a letter to {an(to)}.",
               f"Can you write to the {to}?"])
        n = self.noun_of(PLACES)
        a = p([f"Dear {to}, thank you for your help at the {n}.", f"Dear {to}, I hope that you are well.",
               f"Dear {to}, I am writing to you from the {n}."])
        b = p([f"I have found {an(self.thing())} that may be yours.", f"The {n} is {p(PLACE_ADJ)} in the {p(SEASONS)}.",
               f"I would like to visit the {n} soon.", f"Please send me a note when the {n} is open."])
        return q, f"{a} {b.replace('a medicine', 'medicine')} {p(['With kind wishes, a friend.', 'Your friend at the harbor.', 'Yours truly, a traveler.'])}"

    # -- documents -------------------------------------------------------------------------------

    def rough(self, question):
        """The question as a hurried person types it; and whether it is still clean."""
        if self.chance(0.55):
            return question, True
        for _ in range(self.r.randint(1, 2)):
            k = self.r.randint(0, 6)
            if k <= 1:
                question = question.lower()
            elif k == 2:
                question = question.rstrip("?.! ")
            elif k == 3:
                question = question.lower().rstrip("?.! ")
            elif k == 4 and len(question) > 6:
                i = self.r.randint(1, len(question) - 2)
                question = question[:i] + self.pick(["", question[i] * 2, question[i + 1] + question[i]]) + question[i + 1:]
            elif k == 5:
                question = self.pick(["please ", "Hello, ", "hi, ", "ok, ", "So, ", "Well, ", "Dear model, ", "hey! "]) + question
            else:
                question = self.pick([question.upper(), question + " please", question + "!", question + " Thank you.",
                                      question + " ", question.rstrip("?.!") + "??", "  " + question])
        return question, False

    def turn(self):
        """(question, answer, whether the question is good English)"""
        x = self.r.random()
        if x < 0.66:
            question, answer = self.ask()
            return question, answer, not self.odd
        if x < 0.77:
            return *self.small_talk(), True
        if x < 0.87:
            return *self.unknown(), False
        if x < 0.895:
            return *self.letter(), True
        opening, text, place, who, work = self.story()
        asked = ["Tell me a story.", "Tell me a short story.", "Please tell me a story.", "Write a story.", "Story",
                 f"Tell me a story about {place}.", f"Write a short story about {place}.", f"Tell me a story about {who}.",
                 f"Tell me a story about {an(work)}.", f"Write a story about {an(work)}.", "Do you know a story?", "I want to hear a story.", opening, opening, opening + ","]
        return self.pick(asked), text, True

    SYSTEM = ["You are a helpful assistant.", "You are a friendly assistant. Answer in short sentences.", "Be brief.",
              "Answer the question of the user.", "You are a careful guide to the harbor.", "Be kind and honest.",
              "You are an assistant for researchers. Do not give medical advice."]

    def document(self):
        if self.chance(0.17):                       # running text, for completion requests
            if self.chance(0.6):
                return "", self.story()[1], True
            n = self.noun()
            return "", self.join(self.pick([self.about, self.about, self.definition])(n), n, 1, 3), True
        question, answer, good = self.turn()
        question, clean = self.rough(question)
        clean = clean and good
        prompt = question + "\n"
        if self.chance(0.12):                       # a conversation: what was said before, then the question
            for _ in range(self.r.randint(1, 2)):
                q, a, _ = self.turn()
                prompt = f"{q}\n{a}\n{prompt}"
            clean = False
        if self.chance(0.10):
            prompt = self.pick(self.SYSTEM) + "\n" + prompt
            clean = False
        return prompt, answer, clean


def documents(seed, careful=False):
    writer = Writer(seed, careful)
    while True:
        yield writer.document()


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    source = documents(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    for _ in range(count):
        prompt, text, clean = next(source)
        print(("  " if clean else "~ ") + prompt.replace("\n", "\n  => ") + text)
