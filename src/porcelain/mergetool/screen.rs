//! Asking on the screen.

use std::collections::BTreeMap;

use super::case::{Case, Ending};
use super::files::Files;
use super::program::{Merge, Program};
use super::{Desk, Endings, no_terminal};
use crate::error::CommandError;
use crate::object::Memory;
use crate::ui::Screen;
use crate::ui::mergetool::{Mergetool, Next};
use crate::workspace::Workspace;

/// Goes through the conflicts; `None` where nothing is to be written.
pub(super) fn ask(
    desk: &Desk,
    cases: &[Case],
    workspace: &mut Workspace,
) -> Result<Option<Endings>, CommandError> {
    let editor = Program::editor(workspace);
    let screen = workspace.ui.screen()?.ok_or_else(no_terminal)?;
    let questions = cases.iter().map(|case| (case.question(), case.chosen.clone())).collect();
    let mergetool = Mergetool::new(&desk.device, &desk.remote, questions);
    let mut dialogue = Dialogue { desk, cases, editor, screen, mergetool, edited: BTreeMap::new() };
    let is_wanted = dialogue.run()?;
    Ok(is_wanted.then(|| dialogue.endings()))
}

struct Dialogue<'a> {
    desk: &'a Desk,
    cases: &'a [Case],
    editor: Program,
    screen: Screen,
    mergetool: Mergetool,
    /// What was edited, by question.
    edited: BTreeMap<usize, Memory>,
}

impl Dialogue<'_> {
    /// Until the user wants it written (true) or not.
    fn run(&mut self) -> Result<bool, CommandError> {
        loop {
            let size = self.screen.size();
            self.screen.show(&self.mergetool.page(size), size)?;
            let key = self.screen.key()?;
            // The terminal may have changed meanwhile.
            match self.mergetool.press(key, self.screen.size()) {
                Next::Stay => {}
                Next::Edit(question) => self.edit(question)?,
                Next::Write => return Ok(true),
                Next::Abort => return Ok(false),
            }
        }
    }

    fn edit(&mut self, question: usize) -> Result<(), CommandError> {
        let case = &self.cases[question];
        let files = Files::new(&self.desk.staging, case);
        let takes = &self.mergetool.answers()[question].takes;
        match self.screen.lend(|| self.editor.merge(&files, case, takes, self.desk))?? {
            Merge::Done(memory) => {
                self.mergetool.set_edited(question, case.values(&memory));
                self.edited.insert(question, memory);
            }
            Merge::None(why) => self.mergetool.say(why),
            Merge::Refused(why) => self.mergetool.say(format!("{why}; e goes on")),
            Merge::Stopped => {}
        }
        Ok(())
    }

    fn endings(&self) -> Endings {
        let answers = self.cases.iter().zip(self.mergetool.answers()).enumerate();
        let endings = answers.filter_map(|(question, (case, answer))| {
            let edited = self.edited.get(&question).filter(|_| answer.edited.is_some());
            let ending = edited.cloned().map(Ending::Memory).or_else(|| case.ending(answer))?;
            Some((case.key.clone(), ending))
        });
        endings.collect()
    }
}
