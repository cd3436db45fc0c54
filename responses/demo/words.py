"""What made-up respondents say, and their names. Nobody wrote any of it."""

# A short text by itself, or a sentence in a longer one. {place} is filled in.
PLAIN = [
    "I have lived in {place} for years and the evenings do not feel as safe as they did.",
    (
        "Put more youth workers on the street in {place}, and keep them there for longer than one "
        "budget year."
    ),
    "We never see the same officer twice around {place}.",
    "Please fix the lights in the underpass near {place} station.",
    "My son was stopped three times in one month and nobody ever told him why.",
    "It took eleven weeks before anybody rang me back about the burglary.",
    "The online report form timed out twice, so I gave up.",
    "Drivers treat the high street in {place} as a race track after ten at night.",
    "I support this, but I would like to see who is responsible for it and by when.",
    "This reads well. What will be different next year?",
    "Nothing in here about shop staff, who get shouted at every day.",
    "Courts are the bottleneck: a trial in two years is no help to anybody.",
    "Schools in {place} need somebody to call before things get bad, not after.",
    "Set a number and report on it every three months.",
    "Money is always found for the next scheme and never for the one that worked.",
    "As a nurse I see the same young people come back with worse injuries.",
    "More patrols will not bring trust back. Listening might.",
    "Women at our bus stop in {place} wait together because nobody wants to wait alone.",
    "I was treated with real kindness by the officer who came. More like her, please.",
    "Not sure this is a matter for the police at all.",
    "I cycle through {place} every day, and a close pass is never followed up.",
    "Publish the figures by ward, so that we can see for ourselves.",
    "Older people here do not go online. Send letters.",
    "Evidence first, please, and then the spending.",
    "The mosque and the church in {place} already run a drop-in together: fund that.",
    "Hate crime on the bus goes unreported since drivers are told not to stop.",
    "Too long, too vague.",
    "Yes.",
    "No comment on this part.",
]
OTHER_SCRIPTS = [
    "أشعر بالقلق عندما تعود ابنتي من المدرسة وحدها في المساء.",
    "নিরাপদ রাস্তা আমাদের সবার অধিকার, শুধু কেন্দ্রের মানুষের নয়।",
    "我们的社区需要会说中文的警员。",
    "Proszę o więcej patroli pieszych w okolicy szkoły, zwłaszcza zimą.",
    "Àwọn ọ̀dọ́ nílò ibi tí wọ́n lè péjọ sí ní àṣálẹ́.",
    "ہمارے محلے میں پولیس والوں کو لوگوں کے نام معلوم ہونے چاہییں۔",
    "ਰਾਤ ਨੂੰ ਪਾਰਕ ਵਿੱਚ ਰੌਸ਼ਨੀ ਚਾਹੀਦੀ ਹੈ।",
    "Gençlere daha çok yer, daha az korku.",
    "Ασφαλείς δρόμοι για όλους, κάθε μέρα.",
    "Люди должны знать своего участкового в лицо.",
    "நடைபாதைகள் அனைவருக்கும் பாதுகாப்பாக இருக்க வேண்டும்.",
    "Safer streets please 🙏🏾🚲👩‍👩‍👧‍👦 and quicker answers 📞⏳",
    "👍🏽👍🏽👍🏽",
]
# Texts that have broken spreadsheets, pages and programs. Here they must do nothing.
AWKWARD = [
    '=HYPERLINK("https://example.invalid/?"&A1,"read more")',
    "=1+1 is how simple it should be",
    "+1 from everybody in our block",
    "-5 out of 10",
    "@everyone in {place}: answer this",
    "＝SUM(A1:A9)",
    "\tAn answer that begins with a tab",
    "'quoted from the first letter",
    "not-asked",
    "<script>alert('x')</script><b>bold</b>",
    "Robert'); DROP TABLE responses_response;--",
    "{{ 7|add:7 }} {% now 'Y' %} ${7*7} %s %(name)s",
    "Left \u202eto right\u202c, and a zero\u200bwidth space",
    "Z̸̢̛a̷͎̔l̵̰̈g̴̖̈́o̶ text",
    'He said "no", then left;\nnext line, with commas, and a \\ backslash',
    "Line\u2028separator and \x85 next line",
    "https://example.org/a/very/long/address?" + "x=1&" * 40,
]
CAMPAIGNS = [
    (
        "I am writing as one of many residents who want a clear target to end killings in London. "
        "Please put a date on it, "
        "publish progress every quarter, and fund the community groups that are already doing this "
        "work."
    ),
    (
        "Our roads should be places where nobody is killed or seriously hurt. Treat dangerous "
        "driving as the crime it is, give "
        "road policing the people it needs, and act on the reports that the public sends in."
    ),
    (
        "Please keep neighbourhood teams in their neighbourhoods. Taking officers away for events "
        "in the centre leaves the rest "
        "of us without anybody we know. Two named officers for each ward is the least that people "
        "should expect."
    ),
]
CAMPAIGN_EDITS = [
    "Please read this. ",
    "I agree with every word: ",
    "As a parent of two: ",
    "From {place}. ",
]
ORGANISATIONS = [
    *[
        "{place} Tenants' Federation",
        "Friends of {place} Park",
        "{place} Youth Boxing Club",
        "St Anne's Food Bank, {place}",
    ],
    *[
        "{place} Somali Women's Network",
        "Walk and Cycle {place}",
        "{place} Traders & Market Stalls Ltd",
        "{place} Sixth Form Council",
    ],
]
FIRST_NAMES = [
    "Amina",
    "Bola",
    "Carys",
    "Dmitri",
    "Eilidh",
    "Farid",
    "Grace",
    "Hamza",
    "Ines",
    "Jerome",
    "Kasia",
    "Li Na",
    "Zoë",
    "Siân",
]
LAST_NAMES = [
    "Adeyemi",
    "Brown",
    "Choudhury",
    "D'Souza",
    "Ferreira",
    "Gill",
    "Khan",
    "Nowak",
    "O'Brien",
    "Smith-Lee",
    "Wójcik",
    "Zhang",
]
PLACES = [
    "Barnet",
    "Brixton",
    "Croydon",
    "Deptford",
    "Ealing",
    "Hackney",
    "Ilford",
    "Kilburn",
    "Peckham",
    "Tottenham",
    "Walthamstow",
]
DISTRICTS = ["E8", "E17", "N15", "N22", "NW6", "SE8", "SE15", "SW9", "W5", "CR0", "EN5", "IG1"]
