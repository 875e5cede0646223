//! What members say. Captions come by scene, so that words and picture agree.

use crate::art::SCENES;

/// Captions for each scene, in the order of the scenes.
pub(crate) const CAPTIONS: [&[&str]; SCENES] = [
    // Hills
    &[
        "The valley, twenty minutes after we had given up on the weather.",
        "Seven ridges, if you count the one behind the haze.",
        "Walked until the road stopped being a road.",
        "Evening over the back hills. Nobody else on the path but a very patient dog.",
        "Layers.",
        "First warm light in weeks and I had the wrong lens on. Kept it anyway.",
    ],
    // Sea
    &[
        "Low sun, flat sea, no plans.",
        "The ferry was late, which turned out to be the best part of the day.",
        "Swim, coffee, swim.",
        "Every evening for a year, from the same step of the same stair. This is number 212.",
        "Calm enough to hear the oars of the boat out there.",
        "The water kept the colour long after the sky let go of it.",
    ],
    // Dunes
    &[
        "Wind writes, wind erases.",
        "Climbed the big one. Slid down the big one. Shoes are now 40% sand.",
        "An hour before noon the shadows fold up and leave.",
        "You walk for an hour and the picture changes by one line.",
        "Quiet like the inside of a shell.",
    ],
    // Peaks
    &[
        "The pass opened this morning. We were the second car over.",
        "Cold enough that the stars look sharpened.",
        "Slept in the hut, woke above the clouds.",
        "Waited three hours for it to show itself and it stayed for four minutes.",
        "Old snow, new moon.",
        "My knees say never again. The rest of me is looking at maps.",
    ],
    // City
    &[
        "Last train home, top deck, front seat.",
        "Counting lit windows instead of sheep.",
        "The whole street smelled of rain and oranges.",
        "Somebody on the ninth floor is practising scales. They are getting better.",
        "Blue hour, from the roof we are not supposed to be on.",
        "New flat, same skyline, better kettle.",
    ],
    // Shapes
    &[
        "Colour study no. 14. Paper, scissors, one long lunch break.",
        "Trying to say the same thing with fewer shapes.",
        "Printed the test sheet upside down and liked it more.",
        "For the wall above the desk. Or the wall opposite. We are in talks.",
        "Six inks, two mistakes, one keeper.",
        "Warm-up before the real work. As so often, the warm-up won.",
    ],
    // Leaves
    &[
        "The one on the windowsill has decided to become a tree.",
        "Drew this between two meetings, which is the best place for drawing.",
        "New leaf. That is the whole post.",
        "Pressed in a dictionary since spring, somewhere between *moss* and *mother*.",
        "Propagation update: nine out of ten made it. We do not speak of the tenth.",
        "From the botanical garden, greenhouse four, where my glasses always fog up.",
    ],
    // Still life
    &[
        "Table, four o’clock.",
        "Threw this cup in March, fired it in May, broke its brother in June.",
        "Lemons from the neighbour, bowl from my sister, light for free.",
        "Sunday still life with somebody else’s homework just out of frame.",
        "Breakfast took two hours and solved everything.",
        "New glaze! It was meant to be grey. I am not complaining.",
    ],
    // Forest
    &[
        "Fog in the firs. You could hear it drip.",
        "Went looking for chanterelles, found a better kind of silence.",
        "The path is still there under all this. Probably.",
        "Rain stopped, woods did not notice.",
        "Same bend in the trail, every month since January.",
    ],
];

/// Tags for each scene.
pub(crate) const TAGS: [&str; SCENES] = [
    "#hills #goldenhour",
    "#sea #slowdays",
    "#dunes #lines",
    "#mountains #nightsky",
    "#city #bluehour",
    "#print #colour #studio",
    "#plants #sketchbook",
    "#stilllife #ceramics",
    "#forest #fog",
];

/// Sentences that go with any picture.
pub(crate) const ASIDES: &[&str] = &[
    "More of these soon, I hope.",
    "Thank you to whoever left the thermos.",
    "I keep coming back to this one.",
    "It looked nothing like this yesterday and it will look nothing like this tomorrow.",
    "If you know the place, you know.",
    "I promised myself one picture a day and this is the one I nearly did not take.",
    "Taken with cold hands.",
    "There is a longer story here about a bus, a wrong turn and a very kind stranger; I will \
     write it down properly when I am back.",
    "No edits, just luck.",
    "Happy to send prints to anybody who asks nicely.",
    "My grandmother would have called this “weather for thinking”.",
    "Ask me again in the winter.",
];

/// What members say under posts.
pub(crate) const COMMENTS: &[&str] = &[
    "This is so calm. Thank you.",
    "The light!",
    "I can nearly hear it.",
    "Where is this? Asking for my next free weekend.",
    "Framing this in my head.",
    "Those colours should not work together and yet.",
    "Oh, I needed this today.",
    "You always find the quiet bit.",
    "Is it for sale? Serious question.",
    "Best one this month.",
    "My desktop background until further notice.",
    "We were there in April! It rained the whole time. Still perfect.",
    "How long did you have to wait for that?",
    "Love the line on the left.",
    "Saving this for the kitchen wall.",
    "More please.",
    "I walked past the same spot and saw nothing. You have better eyes.",
    "Okay, this is the one.",
    "That blue, though.",
    "Reminds me of the summer at the lake. Miss you all.",
    "Beautiful work.",
    "Sending this to my mum.",
    "What paper did you use?",
    "Made me put the phone down for a minute, which is the highest praise I have.",
    "Ha, the caption.",
    "So good.",
];

/// What authors answer.
pub(crate) const REPLIES: &[&str] = &[
    "Thank you!",
    "I will send you the exact spot.",
    "About an hour, and two coffees.",
    "That means a lot, really.",
    "Come along next time?",
    "Cotton rag, 300 g. It drinks the ink.",
];

/// What stories say.
pub(crate) const STORIES: &[&str] = &[
    "Good morning from up here",
    "One more hour of this",
    "Found it!",
    "Studio day",
    "Guess the place",
    "It did not rain",
    "Second breakfast",
    "Almost home",
    "New work tomorrow",
    "Listening to the boats",
    "Kiln is on",
    "Look at that",
];

/// What is already in the inbox.
pub(crate) const MESSAGES: &[&str] = &[
    "Hey! Are you coming on Saturday?",
    "I loved your last picture, by the way.",
    "The print arrived, it is even better on paper.",
    "Quick question about the glaze, when you have a minute.",
    "We are ten minutes late, save us a table?",
    "Found your scarf. It is having a lovely time here.",
    "Would you swap one of the sea ones for a bowl?",
    "No rush at all, just thinking ahead.",
];
