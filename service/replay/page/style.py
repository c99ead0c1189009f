"""Look and behaviour of the page: inline, because the file must stand alone."""

STYLE = """
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--line:#d0d7de;--ground:#fff;
--panel:#f6f8fa;--accent:#0b5cad;--red:#b3261e;--amber:#8a5a00;--blue:#0b5cad;--green:#1a6b38;
--mark:#fff4c2}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9aa7b4;--line:#3a434d;
--ground:#0f1419;--panel:#171d24;--accent:#79b8ff;--red:#ff8a80;--amber:#f0b74e;--blue:#79b8ff;
--green:#7ad29a;--mark:#4a3f10}}
*{box-sizing:border-box}
body{font:15px/1.45 system-ui,sans-serif;color:var(--ink);background:var(--ground);
margin:0 auto;max-width:76rem;padding:24px 24px 64px;font-variant-numeric:tabular-nums}
h1{font-size:24px;line-height:1.25;margin:0 0 8px;max-width:56rem}
h2{font-size:18px;margin:40px 0 8px}
h3{font-size:15px;margin:0}
p{margin:4px 0 8px}
.lead{color:var(--soft);margin:0 0 16px}
.bad{color:var(--red)}.good{color:var(--green)}
.grid{display:grid;grid-template-columns:minmax(0,3fr) minmax(0,2fr);gap:24px 32px}
@media(max-width:60rem){.grid{grid-template-columns:1fr}}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:4px 8px;border-bottom:1px solid var(--line);vertical-align:top}
thead th{color:var(--soft);font-weight:600;border-bottom:2px solid var(--line)}
td.n,th.n{text-align:right;white-space:nowrap}
.was{color:var(--soft)}
tr.differs>*,td.differs{background:var(--mark);font-weight:700}
small,.note{font-size:13px;color:var(--soft)}
.chip{display:inline-block;border:1px solid currentColor;border-radius:4px;padding:0 6px;
font-size:13px;white-space:nowrap;margin-right:4px}
.chip.red{color:var(--red);font-weight:700}.chip.amber{color:var(--amber)}
.chip.blue{color:var(--blue)}.chip.green{color:var(--green)}.chip.soft{color:var(--soft)}
.bar{position:sticky;top:0;background:var(--ground);border-bottom:1px solid var(--line);
padding:8px 0;display:flex;gap:8px;flex-wrap:wrap;align-items:center;z-index:1}
.bar input,.bar select{font:inherit;padding:4px 8px;border:1px solid var(--soft);
border-radius:4px;background:var(--ground);color:var(--ink)}
.bar input{min-width:18rem}
article{scroll-margin-top:56px;border-top:2px solid var(--line);padding:16px 0 8px;margin:0}
article header{display:flex;gap:8px;align-items:baseline;flex-wrap:wrap}
a{color:var(--accent)}
ul.plain{list-style:none;padding:0;margin:0}
ul.plain li{padding:2px 0}
svg{display:block;width:100%;height:auto;margin:8px 0}
svg text{fill:var(--ink);font:12px system-ui,sans-serif}
svg .soft{fill:var(--soft)}
svg .rule{stroke:var(--line)}svg .limit{stroke:var(--red);stroke-dasharray:4 3}
svg .curve{stroke:var(--accent);fill:none;stroke-width:1.5}
svg .dot{fill:var(--accent)}svg .hollow{fill:var(--ground);stroke:var(--accent)}
svg .drug{fill:var(--soft)}svg .depot{fill:var(--amber)}
svg .present{fill:var(--red)}svg .absent{fill:none;stroke:var(--soft)}
svg .contrast{stroke:var(--ink);stroke-dasharray:2 2}
svg .t0{fill:var(--line)}svg .t1{fill:#9ec5f0}svg .t2{fill:#f4cf7b}svg .t3,svg .t4{fill:#f19a86}
svg .t5{fill:#d9574a}
svg text.on{fill:#1b1f24}
details>summary{cursor:pointer;color:var(--accent)}
[hidden]{display:none!important}
@media print{:root{color-scheme:light}body{max-width:none;padding:0;font-size:11pt}
.bar{display:none}article{break-inside:avoid}a{color:inherit;text-decoration:none}
h2{break-after:avoid}}
"""

SCRIPT = """
const box=document.getElementById('find'),kind=document.getElementById('kind'),
shown=document.getElementById('shown'),rows=[...document.querySelectorAll('[data-text]')];
function sift(){const words=box.value.toLowerCase().split(/\\s+/).filter(Boolean);
const seen=new Set();
for(const row of rows){const fits=words.every(w=>row.dataset.text.includes(w))&&
(!kind.value||row.dataset.kinds.split(' ').includes(kind.value));row.hidden=!fits;
if(fits)seen.add(row.dataset.case)}
shown.textContent=seen.size+' cases shown'}
box.addEventListener('input',sift);kind.addEventListener('change',sift);sift();
addEventListener('beforeprint',()=>document.querySelectorAll('details').forEach(d=>d.open=true));
"""
