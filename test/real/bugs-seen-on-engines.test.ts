import { indexBugs, topicBugs } from '../chaos/seeded-bugs/engine-bugs.js';
import { bugsAreSeen } from '../chaos/seeded-bugs/seen-by-tests.js';
import { describeWith } from '../support/engines.js';

describeWith('elasticsearch', 'a bug of the index is seen by its test', () => bugsAreSeen(indexBugs));
describeWith('kafka', 'a bug of the topic is seen by its test', () => bugsAreSeen(topicBugs));
