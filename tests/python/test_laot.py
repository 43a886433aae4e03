"""examples/python/laot.py, in its right and wrong uses. Needs numpy and LAOT_LIBRARY."""

import gc
import os
import signal
import sys
import tempfile
import threading
import time
import unittest

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(ROOT, "examples", "python"))
import laot  # noqa: E402
from laot import Laot, LaotError, wasserstein2  # noqa: E402

RANDOM = np.random.default_rng(2)
CONTROL = RANDOM.exponential(size=(60, 4))
TREATED = RANDOM.exponential(size=(47, 4)) * [1.0, 2.0, 0.5, 1.0] + 1.0


class Sparse:
    """As much of a scipy.sparse matrix as laot.py asks for."""

    def __init__(self, dense):
        self.shape = dense.shape
        rows = [np.flatnonzero(row) for row in dense]
        self.indptr = np.cumsum([0] + [len(row) for row in rows]).astype(np.int32)
        self.indices = np.concatenate(rows).astype(np.int32)
        self.data = np.concatenate([row[index] for row, index in zip(dense, rows)])

    def tocsr(self):
        return self

    def sum_duplicates(self):
        pass


class Example(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.fitted = Laot.fit(CONTROL, TREATED)
        cls.predicted = cls.fitted.predict(CONTROL)

    def same(self, cells):
        self.assertEqual(cells.tobytes(), self.predicted.tobytes())

    def test_the_map_is_the_prediction(self):
        W, b = self.fitted.array("map"), self.fitted.array("offset")
        np.testing.assert_allclose(self.predicted, CONTROL @ W.T + b.T, rtol=1e-12)
        self.assertEqual(self.fitted.report["outcome"], "converged")
        self.assertEqual(self.fitted.report["n_treated"], 47)
        self.assertEqual(self.fitted.method, "laot")

    def test_kinds_of_arrays_give_the_same_bits(self):
        wide = np.zeros((60, 9))
        wide[:, 2:6] = CONTROL
        for control in (np.asfortranarray(CONTROL), wide[:, 2:6], Sparse(CONTROL), CONTROL.tolist()):
            self.same(Laot.fit(control, TREATED).predict(CONTROL))
            self.same(self.fitted.predict(control))

    def test_threads_and_files(self):
        self.same(Laot.fit(CONTROL, TREATED, threads=2).predict(CONTROL, threads=2))
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "modèle")
            self.fitted.save(path)
            self.same(Laot.load(path).predict(CONTROL))

    def test_wasserstein_in_one_dimension(self):
        x, y = np.sort(CONTROL[:40, 0]), np.sort(TREATED[:40, 0])
        self.assertAlmostEqual(wasserstein2(CONTROL[:40, :1], TREATED[:40, :1]), np.sqrt(np.mean((x - y) ** 2)))

    def refused(self, code, words, call):
        with self.assertRaisesRegex(LaotError, words) as caught:
            call()
        self.assertEqual(caught.exception.code, code)

    def test_the_coupling_is_chosen_by_name(self):
        exact = Laot.fit(CONTROL, TREATED, coupling="exact")
        self.assertEqual((exact.report["coupling"], exact.report["plan_bound"]), ("exact", "proven"))
        self.same(exact.predict(CONTROL))
        parts = Laot.fit(CONTROL, TREATED, coupling="hierarchical")
        self.assertEqual((parts.report["coupling"], parts.report["plan_bound"]), ("hierarchical", "estimated"))
        self.assertLessEqual(parts.report["plan_cost_lower_bound"], parts.report["plan_cost"])
        self.refused(-1, "coupling", lambda: Laot.fit(CONTROL, TREATED, coupling="fast"))

    def test_wrong_uses(self):
        self.refused(-4, 'did you mean "ridge"', lambda: Laot.fit(CONTROL, TREATED, ridgee=1))
        self.refused(-4, "gaussian_map", lambda: self.fitted.trivial("nothing"))
        self.refused(-2, "found 3", lambda: self.fitted.predict(CONTROL[:, :3]))
        self.refused(-7, "no/such/file", lambda: Laot.load("no/such/file"))
        self.refused(-1, "threads", lambda: Laot.fit(CONTROL, TREATED, threads=0))
        self.refused(-3, "NaN", lambda: Laot.fit(CONTROL * np.nan, TREATED))
        self.refused(-2, "1 entries for 60", lambda: Laot.fit(CONTROL, TREATED, batch_control=["a"]))
        with self.assertRaisesRegex(ValueError, "1 axes"):
            Laot.fit(CONTROL[0], TREATED)

    def test_evaluation(self):
        observed, unseen = TREATED[:30], CONTROL[:25]
        found = self.fitted.evaluate(observed, unseen, test=True)
        methods = ["laot", "identity", "mean_shift", "gaussian_map", "noise_reference"]
        self.assertEqual(list(dict.fromkeys(found["method"])), methods)
        self.assertEqual(found["metric"][8], "mmd2_p_value")
        at = found["metric"].index("w2")
        self.assertEqual(found["value"][at], wasserstein2(self.fitted.predict(unseen), observed))
        bare = self.fitted.evaluate(observed, predicted=self.fitted.predict(unseen), metrics=["w2", "mmd2"],
                                    gamma=[0.1, 0.2], methods="prediction", condition="drug")
        self.assertEqual(bare["metric"], ["w2", "mmd2", "mmd2"])
        self.assertEqual(bare["value"][0], found["value"][at])
        self.assertEqual(bare["condition"], ["drug"] * 3)
        grouped = self.fitted.evaluate(observed, unseen, metrics="sd_ratio", reference="halves",
                                       groups=(["B", "T"] * 15, ["T"] * 20 + ["B"] * 5))
        self.assertEqual(list(dict.fromkeys(grouped["group"])), ["", "B", "T"])
        self.refused(-4, "mmd2", lambda: self.fitted.evaluate(observed, unseen, metrics="mmd"))

    def test_pairing(self):
        source, target, mass = self.fitted.pairing()
        plan = np.zeros((len(CONTROL), len(TREATED)))
        plan[source, target] = mass
        np.testing.assert_allclose(plan.sum(1), 1 / len(CONTROL))
        labels = ["a" if i % 2 else "b" for i in range(len(CONTROL))]
        moves = self.fitted.transitions(labels, ["x"] * len(TREATED))
        self.assertEqual((moves["from"], moves["to"]), (["b", "a"], ["x", "x"]))
        np.testing.assert_allclose(moves["mass"], [0.5, 0.5])
        found = self.fitted.partners("descendants", [3])
        self.assertAlmostEqual(plan[3, int(found["cell"][0])] * len(CONTROL), found["mass"][0])

    def test_a_bad_value_has_its_place(self):
        bad = CONTROL.copy()
        bad[7, 2] = np.inf
        with self.assertRaisesRegex(LaotError, r"control has Inf at feature 3 \(g2\), cell 8 \(counted") as caught:
            Laot.fit(bad, TREATED, feature_names=[f"g{k}" for k in range(CONTROL.shape[1])])
        self.assertEqual(caught.exception.place, ("control", 2, 7, np.inf))
        with self.assertRaises(LaotError) as caught:
            self.fitted.trivial("nothing")
        self.assertIsNone(caught.exception.place)

    def test_what_a_callback_raises_comes_out(self):
        def progress(stage, fraction):
            raise KeyError("on purpose")

        with self.assertRaisesRegex(KeyError, "on purpose"):
            Laot.fit(CONTROL, TREATED, progress=progress)

    def test_a_progress_callback_cancels_and_the_library_goes_on(self):
        x, y = RANDOM.normal(size=(1500, 8)), RANDOM.normal(size=(1400, 8))
        for settings in (dict(preset="notebook"), dict(method="cellot", iterations=10**6), dict(method="scgen", epochs=10**6)):
            seen, stopped = [], []

            def progress(stage, fraction):
                seen.append((stage, fraction))
                if len(seen) == 3:
                    stopped.append(time.monotonic())
                    raise StopIteration("enough")

            with self.assertRaisesRegex(StopIteration, "enough"):
                Laot.fit(x, y, progress=progress, **settings)
            self.assertLess(time.monotonic() - stopped[0], 1.0)
            self.assertEqual(len(seen), 3)
            self.assertTrue(all(stage and 0.0 <= fraction <= 1.0 for stage, fraction in seen))
            self.same(Laot.fit(CONTROL, TREATED).predict(CONTROL))

    def test_ctrl_c(self):
        x, y = RANDOM.normal(size=(1500, 8)), RANDOM.normal(size=(1400, 8))
        handler = signal.getsignal(signal.SIGINT)
        many = RANDOM.normal(size=(40000, 30)), RANDOM.normal(size=(40000, 30))
        works = [lambda: Laot.fit(x, y, preset="notebook", epochs=10**6),
                 lambda: Laot.fit(x, y, method="cellot", iterations=10**6),
                 lambda: Laot.fit(x, y, method="scgen", epochs=10**6, threads=2),
                 lambda: wasserstein2(*many)]
        for work in works:
            pressed = []

            def press():
                pressed.append(time.monotonic())
                os.kill(os.getpid(), signal.SIGINT)

            threading.Timer(0.5, press).start()
            with self.assertRaises(KeyboardInterrupt):
                work()
            self.assertLess(time.monotonic() - pressed[0], 1.0)
            self.assertIs(signal.getsignal(signal.SIGINT), handler)
            self.same(Laot.fit(CONTROL, TREATED).predict(CONTROL))

    def test_ctrl_c_after_the_last_poll_is_not_lost(self):
        def call(_):
            os.kill(os.getpid(), signal.SIGINT)
            return 0

        with laot._Context() as context, self.assertRaises(KeyboardInterrupt):
            context.run(call)

    def test_threads_with_a_context_each(self):
        failures = []

        def work(k):
            try:
                for _ in range(5):
                    self.same(self.fitted.predict(CONTROL))
                    self.same(Laot.fit(CONTROL, TREATED).predict(CONTROL))
                    self.refused(-2, f"found {k}", lambda: self.fitted.predict(CONTROL[:, :k]))
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=work, args=(1 + k % 3,)) for k in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])

    def test_memory_comes_back(self):
        def resident():
            with open("/proc/self/statm") as file:
                return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

        if not os.path.exists("/proc/self/statm"):
            self.skipTest("no /proc")
        def some():
            for _ in range(20):
                Laot.fit(CONTROL, TREATED, method="mean_shift").trivial("identity").predict(CONTROL)
                gc.collect()
        some()
        before = resident()
        for _ in range(5):
            some()
        self.assertLess(resident() - before, 4 << 20)


if __name__ == "__main__":
    unittest.main()
