/* jobcard: work on the server as a card: what it is, how far it is, and stopping, resuming or hiding it. */
import { useInSight } from "./blocks.js";
import { Button, Quiet } from "./buttons.js";
import { capital } from "./format.js";
import { html } from "./html.js";
import { act, stoppable, unfinished } from "./jobs.js";
import { like, liked, redraw } from "./store.js";

const REMEMBERED = 50; // cards that stay hidden when the page is opened again
const hidden = new Set(liked("hidden-jobs", { ids: [] }).ids);
export const isHidden = (job) => !job.active && hidden.has(job.id);
function hide(job) {
  hidden.add(job.id);
  like("hidden-jobs", { ids: [...hidden].slice(-REMEMBERED) });
  redraw();
}

/* `doing` is what it does ("adding to reports"), `facts` are said of it; `shown` where a link names it. */
export function JobCard({ job, doing = job.doing, facts, shown, children }) {
  const state = job.state === "stopping" ? "stopping after this batch" : job.state;
  const title = capital(job.state === "running" ? doing : `${state}: ${doing}`);
  const button = (text, does, more) => html`<${Button} edits onClick=${() => act(job, does)} ...${more}>${text}<//>`;
  return html`<section class="pl-card pl-job" ref=${useInSight(shown)} data-job=${job.id} data-kind=${job.kind}
    data-state=${job.state}>
    <div class="pl-job-head">
      <div><h3>${title}</h3><p class="pl-muted">${facts.filter(Boolean).join("  ·  ")}</p></div>
      <div class="pl-row">
        ${stoppable(job) && button("Stop", "stop", { icon: "stop" })}
        ${unfinished(job) && button("Resume", "resume", { icon: "play", look: "pl-primary" })}
        ${!job.active && html`<${Quiet} icon="close" label="Hide this job" onClick=${() => hide(job)} />`}
      </div>
    </div>
    ${children}
  </section>`;
}
