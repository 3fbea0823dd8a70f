import Comparison
import PhiAccrual
import Foundation
let args = CommandLine.arguments.dropFirst()
let prices = (0..<81).map { pow(10, -0.3 + 6.0 * Double($0) / 80) }
for path in args {
  let trace = try RecordedArrivals(path: path)
  let thresholds = prices.map { AdaptiveModel.threshold(for: .price($0)) }
  var sweep = ThresholdSweep<AdaptiveModel>(thresholds)
  let unit = 1e9
  let c = ContinuousClock()
  let t = c.measure { for node in trace.nodes { sweep.run(node.arrivals, with: AdaptiveModel(.init()), unit: unit, warmUp: 200) } }
  var out = trace.name
  for rate in [0.1,0.03,0.01,0.003,0.001,0.0003,0.0001] {
    guard rate * Double(sweep.samples) >= 20 else { continue }
    let ok = sweep.costs.filter { Double($0.mistakes) <= rate * Double(sweep.samples) }
    let best = ok.map { $0.waits / Double(sweep.samples) }.min() ?? .nan
    out += " \(rate)=\(best)"
  }
  print(out, sweep.samples, t / Double(sweep.samples), MemoryLayout<AdaptiveModel>.size, MemoryLayout<AdaptiveModel.Pursuit>.size)
}
print("budgets")
for path in args {
  let trace = try RecordedArrivals(path: path)
  let rates = [0.03, 0.01, 0.003, 0.001, 0.0003, 0.0001]
  let thresholds = rates.map { AdaptiveModel.threshold(for: .mistakes(MistakeBudget(.perHeartbeat($0)))) }
  var sweep = ThresholdSweep<AdaptiveModel>(thresholds)
  for node in trace.nodes { sweep.run(node.arrivals, with: AdaptiveModel(.init()), unit: 1e9, warmUp: 200) }
  var out = trace.name
  for (rate, cost) in zip(rates, sweep.costs) where rate * Double(sweep.samples) >= 20 {
    out += " \(rate): x\((Double(cost.mistakes) / Double(sweep.samples) / rate * 100).rounded() / 100)"
  }
  print(out)
}
