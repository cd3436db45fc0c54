"""The text of an HTML mail, against what a browser shows of it."""

import re

import pytest
from playwright.sync_api import Browser

from responses.reviewing.inbound.html_text import text_of_html

MARKUP = {
    "Outlook": (
        "<html xmlns:o='urn:schemas-microsoft-com:office:office'><head><style>p.MsoNormal{margin:0}"
        "</style><!--[if gte mso 9]><xml>x</xml><![endif]--></head><body><div class=WordSection1>"
        "<p class=MsoNormal>Dear team,<o:p></o:p></p><p class=MsoNormal><o:p>&nbsp;</o:p></p>"
        "<p class=MsoNormal>I do&nbsp;not agree<span style='mso-spacerun:yes'>  </span>at all.</p>"
        "</div></body></html>"
    ),
    "Gmail": (
        '<div dir="ltr"><div>Hello</div><div><br></div><div>I agree with <b>all</b> of it.</div>'
        '</div><br><div class="gmail_quote"><div>On Monday, Ann wrote:<br></div><blockquote>Do you'
        " agree?</blockquote></div>"
    ),
    "Apple Mail": "<body>One<br><div><br></div><div>Two</div><br class='Apple-newline'>",
    "a newsletter of tables": (
        "<table><tr><td><table><tr><td>Left</td><td>Right</td></tr></table></td></tr><tr><td>"
        "<p>Under</p></td></tr></table>"
    ),
    "no tags": "a < b, c > d & e &lt; f",
    "unclosed tags": "<p>One<p>Two<li>Three<b>Four<i>Five",
    "two bodies": "<html><body>One</body></html><html><body><p>Two</p></body></html>",
    "hidden": "Seen<div style='display: none'>x</div><p hidden>x</p><template>x</template>",
    "spaces": "<p> One \n two&nbsp;&nbsp;three <b> four</b> five</p><pre>six\n  seven</pre>",
    "entities": "<p>&pound;5 &ndash; it&#146;s &hearts; &#x1F600; &notanentity; &amp;amp;</p>",
    "forms": "<fieldset><legend>Ask</legend><label>Name</label></fieldset>",
    "definitions": "<dl><dt>Ward</dt><dd>North</dd></dl><h1>Head</h1>after<hr>end",
    "soft breaks": "a<wbr>b&shy;c<span>d</span><div>e</div>f<span>g</span>",
    "deep": "<div>" * 400 + "The end" + "</div>" * 400,
}  # fmt: skip


@pytest.mark.parametrize("markup", MARKUP.values(), ids=MARKUP)
def test_the_text_of_an_html_mail_is_what_a_browser_shows(browser: Browser, markup: str) -> None:
    page = browser.new_page(java_script_enabled=True)
    try:
        page.set_content(markup)
        shown = page.evaluate("document.body.innerText")
    finally:
        page.close()
    lines = [re.sub(r"[ \t\xa0]+", " ", line).strip() for line in shown.split("\n")]
    ours = text_of_html(markup).replace("• ", "").split("\n")
    assert [" ".join(line.split()) for line in ours if line.strip()] == [
        line for line in lines if line
    ]
