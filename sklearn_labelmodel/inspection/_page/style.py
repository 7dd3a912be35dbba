"""How a report looks. Every rule is inside .slm-report: nothing of it reaches the page around."""

from __future__ import annotations

# Each in the light, and in the dark.
COLOURS = {
    "back": ("#ffffff", "#15181d"),
    "card": ("#f4f6f9", "#1f242b"),
    "ink": ("#1b1f24", "#e8ebef"),
    "muted": ("#56606b", "#a6afba"),
    "line": ("#d5dae1", "#3a424d"),
    "link": ("#0b57b0", "#8ab8ff"),
    "blue": ("#2563ab", "#6ea8f7"),
    "orange": ("#b8500c", "#ffa861"),
    "gold": ("#8a6400", "#e6c35c"),
    "heat": ("37 99 171", "80 140 220"),
    "danger-tone": ("#a8201a", "#ffb0a8"),
    "warning-tone": ("#7d4e00", "#f5cb7a"),
    "info-tone": ("#1d4f91", "#a9cbff"),
    "passed-tone": ("#1a6336", "#8fd9aa"),
}
# Where a notebook or a documentation says which theme it has, that counts more than what the system prefers.
SAYS_LIGHT = ('[data-jp-theme-light="true"]', ".vscode-light", 'html[data-theme="light"]')
SAYS_DARK = ('[data-jp-theme-light="false"]', ".vscode-dark", 'html[data-theme="dark"]')

RULES = """
.slm-report{background:var(--slm-back);color:var(--slm-ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,
"Helvetica Neue",Arial,sans-serif;text-align:left;padding:1.25rem;box-sizing:border-box;max-width:60rem;
overflow-wrap:anywhere}
.slm-report *{box-sizing:border-box}
.slm-report h1,.slm-report h2,.slm-report h3,.slm-report h4{color:inherit;font-family:inherit;line-height:1.25;border:0;
padding:0;text-transform:none;letter-spacing:0}
.slm-report .slm-verdict{font-size:1.55rem;font-weight:650;margin:.15rem 0 .5rem}
.slm-report .slm-title{font-size:1.15rem;font-weight:650;margin:2.25rem 0 .5rem}
.slm-report .slm-subtitle{font-size:1rem;font-weight:600;margin:1.1rem 0 .35rem}
.slm-report p{margin:.35rem 0;max-width:46rem}
.slm-report a{color:var(--slm-link);text-decoration:underline;text-underline-offset:2px}
.slm-report ul{margin:.35rem 0;padding-left:1.25rem;list-style:disc}
.slm-report li{margin:.15rem 0}
.slm-report .slm-muted{color:var(--slm-muted);font-size:.875rem}
.slm-report .slm-name{font-weight:600}
.slm-report .slm-tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(9.5rem,1fr));gap:.6rem;margin:1rem 0}
.slm-report .slm-tiles>div{background:var(--slm-card);border-radius:.5rem;padding:.6rem .75rem}
.slm-report dt,.slm-report dd{margin:0;padding:0}
.slm-report dt{color:var(--slm-muted);font-size:.8rem;font-weight:400}
.slm-report dd{font-size:1.35rem;font-weight:600;line-height:1.3;font-variant-numeric:tabular-nums}
.slm-report dd.slm-note{color:var(--slm-muted);font-size:.8rem;font-weight:400}
.slm-report .slm-finding{background:var(--slm-card);border-left:4px solid var(--slm-tone);border-radius:.35rem;
padding:.7rem .9rem;margin:.6rem 0;break-inside:avoid}
.slm-report .slm-danger{--slm-tone:var(--slm-danger-tone)}
.slm-report .slm-warning{--slm-tone:var(--slm-warning-tone)}
.slm-report .slm-info{--slm-tone:var(--slm-info-tone)}
.slm-report .slm-passed{--slm-tone:var(--slm-passed-tone)}
.slm-report .slm-pill{color:var(--slm-tone);border:1px solid currentColor;border-radius:1rem;padding:.02rem .55rem;
font-size:.78rem;font-weight:600;margin-right:.5rem;white-space:nowrap}
.slm-report .slm-scroll{overflow-x:auto;max-width:100%;margin:.4rem 0}
.slm-report table{border-collapse:collapse;border:0;margin:0;width:100%;font-size:.875rem;background:transparent;
color:inherit;table-layout:auto}
.slm-report caption{caption-side:top;text-align:left;color:var(--slm-muted);font-size:.875rem;padding:0 0 .3rem}
.slm-report tr,.slm-report tbody tr:nth-child(odd),.slm-report tbody tr:hover{background:transparent}
.slm-report th,.slm-report td{border:0;border-bottom:1px solid var(--slm-line);padding:.22rem .5rem;text-align:left;
vertical-align:middle;font-weight:400;background:transparent;color:inherit;max-width:none;white-space:normal}
.slm-report th[scope=row]{min-width:5.5rem}
.slm-report thead th{color:var(--slm-muted);font-size:.8rem;vertical-align:bottom;overflow-wrap:break-word}
.slm-report td.slm-number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.slm-report .slm-chart{table-layout:fixed}
.slm-report .slm-chart th,.slm-report .slm-chart td{border-bottom-color:transparent;padding-top:.05rem;
padding-bottom:.05rem;line-height:1.3}
.slm-report .slm-chart tbody tr:hover{background:var(--slm-card)}
.slm-report .slm-lfs th:nth-child(1),.slm-report .slm-classes th:nth-child(1){width:28%}
.slm-report .slm-lfs th:nth-child(3){width:17%}
.slm-report .slm-lfs th:nth-child(4){width:4.2rem}
.slm-report .slm-classes th:nth-child(n+3){width:12%;text-align:right}
.slm-report .slm-evidence th:nth-child(1){width:28%}
.slm-report .slm-evidence th:nth-child(2){width:20%}
.slm-report .slm-evidence th:nth-child(4){width:4rem}
.slm-report .slm-summary th:nth-child(1){width:22%}
.slm-report .slm-summary th:nth-child(2){width:15%}
.slm-report .slm-summary th:nth-child(5){width:4rem}
.slm-report .slm-chart .slm-muted{font-size:.78rem;padding-bottom:.25rem}
.slm-report .slm-scale{display:flex;justify-content:space-between}
.slm-report .slm-heat{width:auto}
.slm-report .slm-heat td{text-align:center;min-width:2.6rem;font-variant-numeric:tabular-nums;
border:2px solid var(--slm-back);background:rgb(var(--slm-heat) / var(--slm-share))}
.slm-report .slm-heat td.slm-none{background:transparent;color:var(--slm-muted)}
.slm-report .slm-heat th{white-space:nowrap;border-bottom:0}
.slm-report .slm-heat th[scope=row]{min-width:7.5rem;max-width:16rem;white-space:normal;text-align:left}
.slm-report .slm-heat thead th{text-align:center}
.slm-report .slm-heat thead th:first-child{text-align:left}
.slm-report .slm-legend{display:flex;flex-wrap:wrap;gap:.15rem 1.1rem;list-style:none;padding:0;margin:.3rem 0;
color:var(--slm-muted);font-size:.85rem}
.slm-report .slm-legend li{display:flex;align-items:center;gap:.35rem;margin:0}
.slm-report .slm-legend .slm-svg{width:2rem;flex:none}
.slm-report .slm-svg{display:block;width:100%;overflow:visible}
.slm-report .slm-plot{display:block;width:100%;max-width:19rem}
.slm-report .slm-side{display:flex;flex-wrap:wrap;gap:1rem 2.5rem;align-items:flex-start}
.slm-report .slm-side>*{min-width:0}
.slm-report .slm-grid{stroke:var(--slm-line);stroke-width:1}
.slm-report .slm-axis{stroke:var(--slm-muted);stroke-width:1}
.slm-report .slm-frame{fill:none;stroke:var(--slm-line)}
.slm-report .slm-curve{fill:none;stroke:var(--slm-blue);stroke-width:1.5}
.slm-report .slm-tick{fill:var(--slm-muted);font-size:11px}
.slm-report .slm-estimate,.slm-report .slm-fill{fill:var(--slm-blue)}
.slm-report .slm-alone{fill:var(--slm-muted)}
.slm-report .slm-span{stroke:var(--slm-blue);stroke-width:3}
.slm-report .slm-learned{fill:var(--slm-back);stroke:var(--slm-orange);stroke-width:2}
.slm-report .slm-gold{fill:none;stroke:var(--slm-gold);stroke-width:2}
.slm-report .slm-goldspan{stroke:var(--slm-gold);stroke-width:1.5;stroke-dasharray:4 2}
.slm-report .slm-chance{stroke:var(--slm-muted);stroke-width:2}
.slm-report .slm-prior{stroke:var(--slm-ink);stroke-width:2.5}
.slm-report .slm-for{fill:var(--slm-blue)}
.slm-report .slm-against{fill:var(--slm-orange)}
.slm-report details{margin:.4rem 0}
.slm-report summary{cursor:pointer;color:var(--slm-ink);font-weight:500;display:list-item}
.slm-report :focus-visible{outline:2px solid var(--slm-link);outline-offset:2px}
@media (max-width:34rem){.slm-report{padding:.8rem;font-size:14px}.slm-report .slm-verdict{font-size:1.3rem}
.slm-report th,.slm-report td{padding-left:.25rem;padding-right:.25rem}
.slm-report .slm-tiles{grid-template-columns:1fr 1fr}.slm-report .slm-lfs th:nth-child(1){width:30%}
.slm-report .slm-summary th:nth-child(5),.slm-report .slm-lfs th:nth-child(4),
.slm-report .slm-evidence th:nth-child(4){width:3.2rem}
.slm-report .slm-summary th:nth-child(1){width:30%}
.slm-report .slm-summary tr>:nth-child(2),.slm-report .slm-summary .slm-scale>:nth-child(2){display:none}
.slm-report .slm-classes thead th:nth-child(n+3){width:18.5%;font-size:.7rem}
.slm-report .slm-chart th[scope=row]{min-width:0}.slm-report .slm-classes th:nth-child(1){width:22%}}
@media print{.slm-report{max-width:none;padding:0}.slm-report .slm-scroll{overflow:visible}
.slm-report details::details-content{content-visibility:visible;block-size:auto}
.slm-report .slm-finding,.slm-report .slm-row{break-inside:avoid}.slm-report tr{break-inside:avoid}
.slm-report .slm-title{break-after:avoid}.slm-report *{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
"""


def style(whole_page: bool) -> str:
    """The style sheet, light and dark.

    Parameters
    ----------
    whole_page : bool
        Whether the report is the whole page, so that it may colour what is around it.
    """
    light, dark = (_variables(theme) for theme in (0, 1))
    around = "body{{margin:0;background:{}}}" if whole_page else ""
    around_light, around_dark = map(around.format, COLOURS["back"])
    centred = ".slm-report{margin:0 auto}" if whole_page else ""
    themes = [
        f".slm-report{{{light}}}{around_light}{centred}",
        f"@media screen and (prefers-color-scheme:dark){{.slm-report{{{dark}}}{around_dark}}}",
        f"@media screen{{{_under(SAYS_LIGHT)}{{{light}}}{_under(SAYS_DARK)}{{{dark}}}}}",
    ]
    return f"<style>{''.join(themes)}{RULES.strip()}</style>"


def _variables(theme: int) -> str:
    """Colours of a theme as custom properties."""
    return "".join(f"--slm-{name}:{both[theme]};" for name, both in COLOURS.items())


def _under(themes: tuple[str, ...]) -> str:
    return ",".join(f"{theme} .slm-report" for theme in themes)
